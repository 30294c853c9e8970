//! [`Url`]: where a server is, as libpq, sqlx, tokio-postgres and diesel write it.

use std::fmt;
use std::path::PathBuf;

use crate::service::address::{decode, encode, is_local, production, split_port};
use crate::service::error::{Error, Result};

/// The parts of a `postgres://` URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Url {
    pub(super) host: Host,
    pub(super) port: u16,
    pub(super) user: String,
    pub(super) password: Option<String>,
    pub(super) database: String,
    /// Parameters that are the drivers' affair, as written.
    pub(super) others: Vec<(String, String)>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Host {
    /// The directory of a Unix socket.
    Socket(PathBuf),
    Name(String),
}

pub(super) const PORT: u16 = 5432;

impl Url {
    /// # Errors
    /// With what is expected; never with the text, which may have a password in it.
    pub(super) fn parse(text: &str) -> Result<Url> {
        let wrong = |what: &str| {
            Error::new(format!(
                "{what}; expected `postgres://user:password@host:port/database` or \
                 `postgres:///database?host=/socket/directory&user=name`"
            ))
        };
        let rest = text
            .strip_prefix("postgres://")
            .or_else(|| text.strip_prefix("postgresql://"))
            .ok_or_else(|| wrong("the URL does not start with `postgres://`"))?;
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (authority, database) = rest.split_once('/').unwrap_or((rest, ""));
        let (login, place) = authority.rsplit_once('@').unwrap_or(("", authority));
        let (user, password) = match login.split_once(':') {
            Some((user, password)) => (user, Some(decode(password))),
            None => (login, None),
        };
        let (host, port) = split_port(place);
        if place.contains(',') {
            return Err(wrong("the URL names several hosts"));
        }
        let mut url = Url {
            host: host_of(&decode(host)),
            port: PORT,
            user: decode(user),
            password,
            database: decode(database),
            others: Vec::new(),
        };
        let port_of = |port: &str| port.parse().map_err(|_| wrong("its port is not a number"));
        if let Some(port) = port {
            url.port = port_of(port)?;
        }
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            let value = decode(value);
            match key {
                "host" | "hostaddr" => url.host = host_of(&value),
                "port" => url.port = port_of(&value)?,
                "user" => url.user = value,
                "password" => url.password = Some(value),
                "dbname" => url.database = value,
                _ => url.others.push((key.to_owned(), value)),
            }
        }
        if url.user.is_empty() {
            url.user = std::env::var("USER").unwrap_or_else(|_| "postgres".to_owned());
        }
        if url.database.is_empty() {
            url.database = url.user.clone();
        }
        Ok(url)
    }

    /// The same server and login, another database.
    pub(super) fn with_database(&self, database: &str) -> Url {
        Url {
            database: database.to_owned(),
            ..self.clone()
        }
    }

    /// It is on this machine: a socket or the loopback interface.
    pub(super) fn is_local(&self) -> bool {
        match &self.host {
            Host::Socket(_) => true,
            Host::Name(name) => is_local(name),
        }
    }

    /// What in it looks like production, if something does.
    pub(super) fn production(&self) -> Option<String> {
        let host = match &self.host {
            Host::Socket(_) => "",
            Host::Name(name) => name,
        };
        production(host, [("database", &*self.database), ("user", &*self.user)])
    }

    /// Whether the driver is asked for an encrypted connection and nothing else.
    pub(super) fn wants_tls(&self) -> Option<&str> {
        let wants = |(key, value): &&(String, String)| {
            key == "sslmode" && matches!(&**value, "require" | "verify-ca" | "verify-full")
        };
        self.others.iter().find(wants).map(|(_, value)| &**value)
    }

    /// Where it is, without the password: for messages.
    pub(super) fn place(&self) -> String {
        match &self.host {
            Host::Socket(directory) => format!("socket {}", self.socket(directory).display()),
            Host::Name(name) => format!("{name}:{}", self.port),
        }
    }

    /// The socket's file.
    pub(super) fn socket(&self, directory: &std::path::Path) -> PathBuf {
        directory.join(format!(".s.PGSQL.{}", self.port))
    }
}

/// The URL, password and all.
impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let database = encode(&self.database);
        let mut query: Vec<(String, String)> = Vec::new();
        match &self.host {
            Host::Socket(directory) => {
                write!(f, "postgres:///{database}")?;
                query.push(("host".into(), directory.display().to_string()));
                if self.port != PORT {
                    query.push(("port".into(), self.port.to_string()));
                }
                query.push(("user".into(), self.user.clone()));
                if let Some(password) = &self.password {
                    query.push(("password".into(), password.clone()));
                }
            }
            Host::Name(name) => {
                write!(f, "postgres://{}", encode(&self.user))?;
                if let Some(password) = &self.password {
                    write!(f, ":{}", encode(password))?;
                }
                let name = match name.contains(':') {
                    true => format!("[{name}]"),
                    false => encode(name),
                };
                write!(f, "@{name}:{}/{database}", self.port)?;
            }
        }
        query.extend(self.others.iter().cloned());
        for (i, (key, value)) in query.iter().enumerate() {
            let separator = if i == 0 { '?' } else { '&' };
            write!(f, "{separator}{key}={}", encode(value))?;
        }
        Ok(())
    }
}

fn host_of(host: &str) -> Host {
    match host {
        "" => Host::Name("localhost".to_owned()),
        socket if socket.starts_with('/') => Host::Socket(PathBuf::from(socket)),
        name => Host::Name(name.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn parse(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    #[test]
    fn there_and_back() {
        for text in [
            "postgres://ada:s%40crt@db.example.com:6432/app?sslmode=prefer",
            "postgres:///app?host=/run/pg&user=ada",
            "postgres:///app?host=/run/pg&port=6432&user=ada&password=x",
            "postgres://ada@[::1]:5432/app",
        ] {
            assert_eq!(parse(text).to_string(), text);
        }
        let url = parse("postgresql://ada:s%40crt@localhost/app");
        assert_eq!(url.password.as_deref(), Some("s@crt"));
        assert_eq!((url.port, &*url.database), (PORT, "app"));
        assert_eq!(
            url.with_database("itest_1").to_string(),
            "postgres://ada:s%40crt@localhost:5432/itest_1"
        );
        assert_eq!(
            parse("postgres://%2Frun%2Fpg/app").host,
            Host::Socket("/run/pg".into())
        );
    }

    #[test]
    fn what_is_local() {
        for local in [
            "postgres://localhost/a",
            "postgres://127.0.0.2/a",
            "postgres://[::1]/a",
            "postgres:///a?host=/tmp",
        ] {
            assert!(parse(local).is_local(), "{local}");
        }
        for remote in [
            "postgres://db/a",
            "postgres://10.0.0.1/a",
            "postgres:///a?hostaddr=10.0.0.1",
        ] {
            assert!(!parse(remote).is_local(), "{remote}");
        }
    }

    #[test]
    fn what_looks_like_production() {
        for (url, why) in [
            (
                "postgres://a@x.eu.rds.amazonaws.com/a",
                "its host ends with `.rds.amazonaws.com`",
            ),
            ("postgres://a@db-prod-1.corp/a", "its host has `prod` in it"),
            (
                "postgres://a@localhost/shop_production",
                "its database has `production` in it",
            ),
            (
                "postgres://LIVE@localhost/shop",
                "its user has `LIVE` in it",
            ),
        ] {
            assert_eq!(parse(url).production().as_deref(), Some(why));
        }
        for harmless in ["postgres://a@db/products", "postgres://a@localhost/olive"] {
            assert_eq!(parse(harmless).production(), None);
        }
    }

    #[test]
    fn what_is_wrong_is_told_without_secrets() {
        for wrong in [
            "mysql://a:secret@b/c",
            "postgres://a:secret@b:x/c",
            "postgres://a:secret@b,c/d",
        ] {
            let error = Url::parse(wrong).unwrap_err().to_string();
            assert!(
                error.contains("expected `postgres://") && !error.contains("secret"),
                "{error}"
            );
        }
    }
}
