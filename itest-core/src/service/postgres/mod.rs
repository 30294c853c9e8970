#![doc = include_str!("../../../docs/postgres.md")]

// Making a server is `builder` (which one), `install` (what is there), `cache` (its data) and
// `server` (its process). Databases are `migrations`, `template`, its `files`, and `database`;
// `janitor` drops them. `client` speaks with a server, `admin` keeps its connections.

mod admin;
mod builder;
mod cache;
mod client;
mod container;
mod database;
mod digest;
mod files;
mod fixtures;
mod install;
mod janitor;
mod login;
mod migrations;
mod rollback;
mod server;
mod template;
mod url;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use self::client::Client;
use self::janitor::{Janitor, Owner};
use self::server::PrivateServer;
use self::url::Url;
use super::container::Container;
use super::directory::random;
use super::error::{Context, Error, Result};

pub use self::builder::Builder;
pub use self::database::PgDatabase;
pub(crate) use self::fixtures::link;
pub use self::fixtures::{
    pg_database, pg_migrations, pg_read_only, pg_rollback, pg_shared, pg_template, postgres,
};
pub use self::migrations::Migrations;
pub use self::template::PgTemplate;

/// A PostgreSQL server: the built-in session fixture `postgres`, and what its builder starts.
///
/// Where it is had, in order:
///
/// 1. `ITEST_POSTGRES_URL`, or else `DATABASE_URL` where that is on this machine or
///    `ITEST_ALLOW_DATABASE_URL=1`; never one that looks like production.
/// 2. `postgres` on this machine (`ITEST_POSTGRES_BIN`, `PATH`, where packages put it), as a
///    private server: on a copy of a cached data directory, in memory where there is room, without
///    durability, on a Unix socket of its own; as root it runs as the user `postgres` or `nobody`.
/// 3. A container of `postgres:17`, or of the version asked for, or of `ITEST_POSTGRES_IMAGE`, where
///    there is Docker or Podman.
/// 4. Else the tests that need it are skipped, and the reason lists what was tried;
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
    /// Part of the names of all databases that are made for this run.
    tag: String,
    origin: Origin,
    #[serde(skip)]
    owned: Option<Arc<Owned>>,
}

/// Where a server came from.
#[derive(Debug, Clone, Serialize, Deserialize)]
enum Origin {
    /// We started it.
    Private {
        directory: PathBuf,
        log: PathBuf,
        /// The cached data directory that it started from.
        cache: PathBuf,
    },
    /// We started it in a container.
    Container(Container),
    /// The variable that named it.
    Given(String),
}

/// What goes with the value that started, or found, a server.
#[derive(Debug)]
struct Owned(Mutex<Option<Life>>);

#[derive(Debug)]
struct Life {
    janitor: Janitor,
    server: Server,
}

/// What runs it.
#[derive(Debug)]
enum Server {
    Private(PrivateServer),
    Container(Container),
    /// Somebody else.
    Given,
}

impl Owned {
    fn end(&self) -> Result<()> {
        let life = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(Life { janitor, server }) = life else {
            return Ok(());
        };
        drop(janitor);
        match server {
            Server::Private(server) => server.end(),
            Server::Container(container) => container.remove(),
            Server::Given => Ok(()),
        }
    }
}

impl Drop for Owned {
    fn drop(&mut self) {
        let _ = self.end();
    }
}

impl Postgres {
    /// Starts with: any version, itest's own settings, a Unix socket.
    pub fn builder() -> Builder {
        Builder::default()
    }

    fn of_private(server: PrivateServer, client: Client) -> Result<Self> {
        let origin = Origin::Private {
            directory: server.directory().to_owned(),
            log: server.log().to_owned(),
            cache: server.cache().to_owned(),
        };
        let url = server.url().clone();
        Postgres::with_janitor(origin, &url, client, Server::Private(server))
    }

    fn of_container(container: Container, url: &Url, client: Client) -> Result<Self> {
        let origin = Origin::Container(container.clone());
        Postgres::with_janitor(origin, url, client, Server::Container(container))
    }

    fn of_given(variable: &str, url: &Url, client: Client) -> Result<Self> {
        let origin = Origin::Given(variable.to_owned());
        Postgres::with_janitor(origin, url, client, Server::Given)
    }

    fn with_janitor(origin: Origin, url: &Url, client: Client, server: Server) -> Result<Self> {
        let tag = format!("{:08x}", random() as u32);
        let version = client.version().to_owned();
        let owner = match &server {
            Server::Private(server) => Owner::Us(Some(server.directory().to_owned())),
            Server::Container(_) => Owner::Us(None),
            Server::Given => Owner::Somebody,
        };
        let janitor = Janitor::start(client, url, &tag, owner)
            .context(|| "cannot prepare for dropping databases".to_owned())?;
        let life = Life { janitor, server };
        Ok(Postgres {
            url: url.to_string(),
            version,
            tag,
            origin,
            owned: Some(Arc::new(Owned(Mutex::new(Some(life))))),
        })
    }

    /// The same without what ends the server.
    fn handle(&self) -> Self {
        Postgres {
            owned: None,
            ..self.clone()
        }
    }

    /// A name that no other database has; `label` is for people who look.
    fn database_name(&self, label: &str) -> String {
        let label: String = label
            .chars()
            .map(|c| match c {
                'a'..='z' | '0'..='9' => c,
                'A'..='Z' => c.to_ascii_lowercase(),
                _ => '_',
            })
            .collect();
        // Names have 63 bytes at most; the end of a path tells more than its start.
        let label = &label[label.len().saturating_sub(38)..];
        let name = format!("itest_{}_{:08x}_{label}", self.tag, random() as u32);
        name.trim_end_matches('_').to_owned()
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

    /// What the server has logged so far; `None` if it is not a private one on this machine, or is
    /// gone.
    pub fn log(&self) -> Option<String> {
        match &self.origin {
            Origin::Private { log, .. } => {
                let bytes = std::fs::read(log).ok()?;
                Some(String::from_utf8_lossy(&bytes).into_owned())
            }
            Origin::Container(_) | Origin::Given(_) => None,
        }
    }

    /// Stops a server that this value started, and tells whether that went well; without it,
    /// dropping does the same silently. Of any other handle it does nothing.
    ///
    /// # Errors
    /// When the server had ended by itself, or had to be killed.
    pub async fn stop(self) -> Result<()> {
        let Some(owned) = self.owned else {
            return Ok(());
        };
        let stopped = tokio::task::spawn_blocking(move || owned.end());
        stopped.await.unwrap_or_else(|panicked| {
            Err(Error::new("stopping PostgreSQL panicked").caused_by(panicked))
        })
    }
}
