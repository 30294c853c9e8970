//! [`Address`]: where a service is, as a URL; and what in it looks like production.

use std::fmt;
use std::net::IpAddr;

use super::error::{Error, Result};

/// Words that say what a database is for.
const PRODUCTION: [&str; 4] = ["production", "prod", "prd", "live"];

/// Hosts where databases are rented; tests have no business there unless told so.
const MANAGED: [&str; 11] = [
    ".rds.amazonaws.com",
    ".cache.amazonaws.com",
    ".postgres.database.azure.com",
    ".cloud.google.com",
    ".supabase.co",
    ".supabase.com",
    ".neon.tech",
    ".aivencloud.com",
    ".ondigitalocean.com",
    ".render.com",
    ".timescale.com",
];

/// The parts of `scheme://user:password@host:port/path`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Address {
    pub(crate) scheme: String,
    pub(crate) user: String,
    pub(crate) password: Option<String>,
    pub(crate) host: String,
    pub(crate) port: u16,
    /// Without its slash.
    pub(crate) path: String,
}

impl Address {
    /// One of those schemes; without a port, that one.
    ///
    /// # Errors
    /// With what is expected; never with the text, which may have a password in it.
    pub(crate) fn parse(text: &str, schemes: &[&str], port: u16) -> Result<Self> {
        let wrong = |what: &str| {
            let scheme = schemes[0];
            Error::new(format!(
                "{what}; expected `{scheme}://user:password@host:port/…`"
            ))
        };
        let (scheme, rest) = text
            .split_once("://")
            .filter(|(scheme, _)| schemes.contains(scheme))
            .ok_or_else(|| wrong(&format!("the URL does not start with `{}://`", schemes[0])))?;
        let rest = rest.split(['?', '#']).next().unwrap_or_default();
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let (login, place) = authority.rsplit_once('@').unwrap_or(("", authority));
        if place.contains(',') {
            return Err(wrong("the URL names several hosts"));
        }
        let (user, password) = match login.split_once(':') {
            Some((user, password)) => (user, Some(decode(password))),
            None => (login, None),
        };
        let (host, own_port) = split_port(place);
        let port = match own_port {
            Some(text) => text
                .parse()
                .map_err(|_| wrong("its port is not a number"))?,
            None => port,
        };
        if host.is_empty() {
            return Err(wrong("the URL names no host"));
        }
        Ok(Address {
            scheme: scheme.to_owned(),
            user: decode(user),
            password,
            host: decode(host),
            port,
            path: decode(path),
        })
    }

    /// The same server and login, another path.
    pub(crate) fn with_path(&self, path: impl Into<String>) -> Self {
        Address {
            path: path.into(),
            ..self.clone()
        }
    }

    /// Where it is, without the password: for messages.
    pub(crate) fn place(&self) -> String {
        match self.host.contains(':') {
            true => format!("[{}]:{}", self.host, self.port),
            false => format!("{}:{}", self.host, self.port),
        }
    }

    /// That of a variable, unless it looks like production.
    ///
    /// # Errors
    /// When it does, or is no URL; says so with the variable's name.
    pub(crate) fn of_variable(
        variable: &str,
        text: &str,
        schemes: &[&str],
        port: u16,
    ) -> Result<Self> {
        let address = Address::parse(text, schemes, port)
            .map_err(|error| Error::new(format!("cannot use {variable}")).caused_by(error))?;
        let parts = [("database", &*address.path), ("user", &*address.user)];
        match production(&address.host, parts) {
            Some(why) if !allowed() => Err(looks_like_production(
                variable,
                &why,
                &format!("set {ALLOW_VARIABLE}=1"),
            )),
            _ => Ok(address),
        }
    }
}

/// Lets variables name what looks like production, and applications' own ones any host.
pub(crate) const ALLOW_VARIABLE: &str = "ITEST_ALLOW_DATABASE_URL";

/// Whether [`ALLOW_VARIABLE`] says so.
pub(crate) fn allowed() -> bool {
    std::env::var(ALLOW_VARIABLE).is_ok_and(|value| value == "1")
}

/// The refusal; `otherwise` is what to do if it is not.
pub(crate) fn looks_like_production(variable: &str, why: &str, otherwise: &str) -> Error {
    Error::new(format!(
        "{variable} looks like production: {why}; tests do not touch it. Name a server for tests; \
         if it is one, {otherwise}"
    ))
}

/// The URL, password and all.
impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme, encode(&self.user))?;
        if let Some(password) = &self.password {
            write!(f, ":{}", encode(password))?;
        }
        if !self.user.is_empty() || self.password.is_some() {
            f.write_str("@")?;
        }
        write!(f, "{}", self.place())?;
        if !self.path.is_empty() {
            write!(f, "/{}", encode(&self.path))?;
        }
        Ok(())
    }
}

/// A name or number of this machine.
pub(crate) fn is_local(host: &str) -> bool {
    match host.parse::<IpAddr>() {
        Ok(address) => address.is_loopback(),
        Err(_) => host == "localhost" || host.ends_with(".localhost"),
    }
}

/// What looks like production in a host, or in other parts given with their names.
pub(crate) fn production<'a>(
    host: &'a str,
    others: impl IntoIterator<Item = (&'static str, &'a str)>,
) -> Option<String> {
    if let Some(suffix) = MANAGED.iter().find(|suffix| host.ends_with(*suffix)) {
        return Some(format!("its host ends with `{suffix}`"));
    }
    for (part, text) in [("host", host)].into_iter().chain(others) {
        let mut words = text.split(|c: char| !c.is_ascii_alphanumeric());
        let found = words.find(|word| {
            let word = word.to_ascii_lowercase();
            PRODUCTION.contains(&&*word)
        });
        if let Some(word) = found {
            return Some(format!("its {part} has `{word}` in it"));
        }
    }
    None
}

/// `host:port`, `[::1]:port`.
pub(crate) fn split_port(place: &str) -> (&str, Option<&str>) {
    if let Some(rest) = place.strip_prefix('[')
        && let Some((host, after)) = rest.split_once(']')
    {
        return (host, after.strip_prefix(':'));
    }
    match place.split_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (place, None),
    }
}

/// Takes `%41` for `A`.
pub(crate) fn decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let escaped = (*first == b'%')
            .then(|| after.get(..2))
            .flatten()
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match escaped {
            Some(byte) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            None => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The reverse; slashes stay: every driver takes them in a parameter, and people read `host=/dir`.
pub(crate) fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' | b'/' => {
                encoded.push(char::from(byte));
            }
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Address> {
        Address::parse(text, &["redis", "valkey"], 6379)
    }

    #[test]
    fn there_and_back() {
        for text in [
            "redis://localhost:6379",
            "redis://:s%40crt@127.0.0.1:1234/7",
            "valkey://ada:x@[::1]:6379/0",
        ] {
            assert_eq!(parse(text).unwrap().to_string(), text);
        }
        assert_eq!(parse("redis://db/2").unwrap().port, 6379);
        assert_eq!(parse("redis://db?protocol=3").unwrap().path, "");
    }

    #[test]
    fn what_is_wrong_is_told_without_secrets() {
        for wrong in [
            "rediss://a:secret@b/1",
            "redis://a:secret@b:x/1",
            "redis://a:secret@b,c/1",
            "redis://a:secret@/1",
        ] {
            let error = parse(wrong).unwrap_err().to_string();
            assert!(
                error.contains("expected `redis://") && !error.contains("secret"),
                "{error}"
            );
        }
    }

    #[test]
    fn production_is_not_touched() {
        let refused = |text| {
            Address::of_variable("ITEST_X_URL", text, &["redis"], 6379)
                .unwrap_err()
                .to_string()
        };
        let error = refused("redis://cache.prod.example.com/0");
        assert!(
            error.contains("ITEST_X_URL looks like production: its host has `prod`"),
            "{error}"
        );
    }
}
