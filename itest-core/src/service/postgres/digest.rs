//! The digests of PostgreSQL's logins and of our cache's names.
//!
//! The crates are those that `sqlx` and `tokio-postgres` use, in the same versions.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use md5::Md5;
use sha2::{Digest as _, Sha256};

/// Makes a name of everything that was put in.
#[derive(Clone, Default)]
pub(super) struct Naming(Sha256);

impl Naming {
    pub(super) fn new() -> Self {
        Naming::default()
    }

    /// A text or file with its length, so that where one ends is part of the name.
    pub(super) fn update_framed(&mut self, bytes: &[u8]) {
        self.0.update((bytes.len() as u64).to_be_bytes());
        self.0.update(bytes);
    }

    /// The first 64 bits in hexadecimal: enough to tell names apart.
    pub(super) fn name(self) -> String {
        hex(&self.0.finalize()[..8])
    }
}

pub(super) fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// HMAC with SHA-256.
pub(super) fn hmac(key: &[u8], message: &[u8]) -> [u8; 32] {
    authenticate(&keyed(key), message)
}

fn keyed(key: &[u8]) -> Hmac<Sha256> {
    Hmac::new_from_slice(key).expect("HMAC takes keys of any length")
}

fn authenticate(keyed: &Hmac<Sha256>, message: &[u8]) -> [u8; 32] {
    let keyed = keyed.clone().chain_update(message);
    keyed.finalize().into_bytes().into()
}

/// SCRAM's `Hi`, one block of PBKDF2 with HMAC-SHA-256: a password made slow to guess.
pub(super) fn stretch(password: &[u8], salt: &[u8], iterations: u32) -> [u8; 32] {
    let keyed = keyed(password);
    let mut last = authenticate(&keyed, &[salt, &1_u32.to_be_bytes()].concat());
    let mut all = last;
    for _ in 1..iterations {
        last = authenticate(&keyed, &last);
        for (byte, other) in all.iter_mut().zip(last) {
            *byte ^= other;
        }
    }
    all
}

/// MD5, in hexadecimal as PostgreSQL's older logins have it.
pub(super) fn md5(bytes: &[u8]) -> String {
    hex(&Md5::digest(bytes))
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(super) fn to_base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// `None` if it is not base64.
pub(super) fn from_base64(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_digests() {
        assert_eq!(
            hex(&sha256(b"abc")),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
        assert_eq!(
            hex(&sha256(&[b'a'; 119])),
            "31eba51c313a5c08226adf18d4a359cfdfd8d2e816b13f4af952f7ea6584dcfb"
        );
        assert_eq!(md5(b""), "d41d8cd98f00b204e9800998ecf8427e");
        assert_eq!(
            md5(b"The quick brown fox jumps over the lazy dog"),
            "9e107d9d372bb6826bd81d3542a419d6"
        );
        assert_eq!(
            hex(&hmac(
                b"key",
                b"The quick brown fox jumps over the lazy dog"
            )),
            "f7bc83f430538424b13298e6aa6fb143ef4d59a14946175997479dbc2d1a3cd8"
        );
        assert_eq!(
            hex(&stretch(b"password", b"salt", 2)),
            "ae4d0c95af6b46d32d0adff928f06dd02a303f8ef3c251dfd6e2d85a95474c43"
        );
    }

    #[test]
    fn base64_there_and_back() {
        for (bytes, text) in [
            (&b""[..], ""),
            (b"f", "Zg=="),
            (b"fo", "Zm8="),
            (b"foo", "Zm9v"),
        ] {
            assert_eq!(to_base64(bytes), text);
            assert_eq!(from_base64(text).unwrap(), bytes);
        }
        assert_eq!(from_base64("!"), None);
    }
}
