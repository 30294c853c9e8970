//! PostgreSQL: a server for the run, started in a fraction of a second.
//!
//! [`Postgres`] is the server, a session fixture and what [`Postgres::builder`] makes. Making a
//! server is `builder` (which one), `install` (what is there), `cache` (its data) and `server`
//! (its process); `client` speaks with it.

mod builder;
mod cache;
mod client;
mod digest;
mod fixtures;
mod install;
mod login;
mod server;
mod url;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use self::server::PrivateServer;
use self::url::{Host, Url};
use super::error::{Error, Result};

pub use self::builder::Builder;
pub(crate) use self::fixtures::link;
pub use self::fixtures::postgres;

/// A PostgreSQL server: the built-in session fixture `postgres`, and what its builder starts.
///
/// Where it is had, in order:
///
/// 1. `ITEST_POSTGRES_URL`, or else `DATABASE_URL` where that is on this machine or
///    `ITEST_ALLOW_DATABASE_URL=1`; never one that looks like production.
/// 2. `postgres` on this machine (`ITEST_POSTGRES_BIN`, `PATH`, where packages put it), as a
///    private server: on a copy of a cached data directory, in memory where there is room, without
///    durability, on a Unix socket of its own; as root it runs as the user `postgres` or `nobody`.
/// 3. Else the tests that need it are skipped, and the reason lists what was tried;
///    `--require postgres` makes them fail.
///
/// The value is a handle that goes to every test process as a copy. The one that started a server
/// stops it when it is dropped, which a session fixture does at the end of the run.
///
/// ```no_run
/// use itest::prelude::*;
/// use itest::service::Postgres;
///
/// #[integration]
/// async fn answers(postgres: &Postgres) {
///     assert!(postgres.url().starts_with("postgres://"));
/// }
/// ```
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Postgres {
    url: String,
    version: String,
    origin: Origin,
    #[serde(skip)]
    server: Option<Arc<Owned>>,
}

/// Where a server came from.
#[derive(Debug, Clone, Serialize, Deserialize)]
enum Origin {
    /// We started it.
    Private { directory: PathBuf, log: PathBuf },
    /// The variable that named it.
    Given(String),
}

/// What stops a server that we started.
#[derive(Debug)]
struct Owned(Mutex<Option<PrivateServer>>);

impl From<PrivateServer> for Owned {
    fn from(server: PrivateServer) -> Self {
        Owned(Mutex::new(Some(server)))
    }
}

impl Postgres {
    /// Starts with: any version, itest's own settings, a Unix socket.
    pub fn builder() -> Builder {
        Builder::default()
    }

    fn of_private(server: PrivateServer) -> Self {
        Postgres {
            url: server.url().to_string(),
            version: server.version().to_owned(),
            origin: Origin::Private {
                directory: server.directory(),
                log: server.log(),
            },
            server: Some(Arc::new(server.into())),
        }
    }

    /// The URL of its maintenance database, with a login that may create databases. sqlx,
    /// tokio-postgres, diesel and `psql` all take it.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The URL of another database of the server; it need not exist.
    pub fn url_for(&self, database: &str) -> String {
        match Url::parse(&self.url) {
            Ok(url) => url.with_database(database).to_string(),
            // Only a handle that was made up elsewhere has no URL of ours.
            Err(_) => self.url.clone(),
        }
    }

    /// The directory of its Unix socket; `None` if it is reached by TCP only.
    pub fn socket_dir(&self) -> Option<&Path> {
        if let Origin::Private { directory, .. } = &self.origin {
            return Some(directory);
        }
        let (_, host) = self.url.split_once("?host=")?;
        let host = host.split('&').next()?;
        host.starts_with('/').then(|| Path::new(host))
    }

    /// The server's version, such as `15.4`.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// What the server has logged so far; `None` if it is not a private one, or is gone.
    pub fn log(&self) -> Option<String> {
        match &self.origin {
            Origin::Private { log, .. } => {
                let bytes = std::fs::read(log).ok()?;
                Some(String::from_utf8_lossy(&bytes).into_owned())
            }
            Origin::Given(_) => None,
        }
    }

    /// Stops a server that this value started, and tells whether that went well; without it,
    /// dropping does the same silently. Of any other handle it does nothing.
    ///
    /// # Errors
    /// When the server had ended by itself, or had to be killed.
    pub async fn stop(self) -> Result<()> {
        let Some(owned) = self.server else {
            return Ok(());
        };
        let stopped = tokio::task::spawn_blocking(move || {
            let mut server = owned.0.lock().unwrap_or_else(PoisonError::into_inner);
            server.take().map_or(Ok(()), |mut server| server.stop())
        });
        stopped.await.unwrap_or_else(|panicked| {
            Err(Error::new("stopping PostgreSQL panicked").caused_by(panicked))
        })
    }
}
