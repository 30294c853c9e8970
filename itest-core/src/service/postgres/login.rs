//! How a client proves who it is: a password, its MD5, or SCRAM-SHA-256.

use super::digest::{from_base64, hmac, md5, sha256, stretch, to_base64};

/// The answer to an MD5 request.
pub(super) fn md5_answer(user: &str, password: &str, salt: &[u8]) -> String {
    let inner = md5(format!("{password}{user}").as_bytes());
    format!("md5{}", md5(&[inner.as_bytes(), salt].concat()))
}

/// A SCRAM conversation (RFC 5802, RFC 7677), without channel binding.
pub(super) struct Scram {
    password: String,
    nonce: String,
    signature: [u8; 32],
}

/// The name of the mechanism.
pub(super) const SCRAM: &str = "SCRAM-SHA-256";

impl Scram {
    pub(super) fn new(password: &str, nonce: String) -> Self {
        Scram {
            password: password.to_owned(),
            nonce,
            signature: [0; 32],
        }
    }

    fn first_bare(&self) -> String {
        // PostgreSQL takes the name from the start of the connection.
        format!("n=,r={}", self.nonce)
    }

    pub(super) fn first(&self) -> String {
        format!("n,,{}", self.first_bare())
    }

    /// The answer to the server's first message; `None` if that is none.
    pub(super) fn answer(&mut self, server: &str) -> Option<String> {
        let field = |name: &str| server.split(',').find_map(|part| part.strip_prefix(name));
        let nonce = field("r=").filter(|nonce| nonce.starts_with(&self.nonce))?;
        let salt = from_base64(field("s=")?)?;
        let iterations = field("i=")?.parse().ok()?;
        let salted = stretch(self.password.as_bytes(), &salt, iterations);
        let client_key = hmac(&salted, b"Client Key");
        let unproved = format!("c=biws,r={nonce}");
        let all = format!("{},{server},{unproved}", self.first_bare());
        let mut proof = hmac(&sha256(&client_key), all.as_bytes());
        for (byte, key) in proof.iter_mut().zip(client_key) {
            *byte ^= key;
        }
        self.signature = hmac(&hmac(&salted, b"Server Key"), all.as_bytes());
        Some(format!("{unproved},p={}", to_base64(&proof)))
    }

    /// Whether the server knows the password too.
    pub(super) fn is_right(&self, server: &str) -> bool {
        server.strip_prefix("v=").and_then(from_base64) == Some(self.signature.to_vec())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 7677's example, with the name that PostgreSQL does not want.
    #[test]
    fn scram_answers() {
        let mut scram = Scram::new("pencil", "rOprNGfwEbeRWgbNEkqO".to_owned());
        assert_eq!(scram.first(), "n,,n=,r=rOprNGfwEbeRWgbNEkqO");
        let server = "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,\
                      s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";
        let answer = scram.answer(server).unwrap();
        assert!(
            answer.starts_with("c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDp"),
            "{answer}"
        );
        assert!(!scram.is_right("v=AAAA"));
        assert_eq!(Scram::new("pencil", "x".to_owned()).answer(server), None);
    }

    #[test]
    fn md5_answers() {
        assert_eq!(
            md5_answer("user", "password", &[1, 2, 3, 4]),
            format!(
                "md5{}",
                md5(&[md5(b"passworduser").as_bytes(), &[1, 2, 3, 4]].concat())
            )
        );
    }
}
