//! Redis: a server for the run, and a numbered database for each test.
//!
//! [`Redis`] is the server, a session fixture and what [`Redis::builder`] makes; [`RedisDatabase`]
//! is a test's own. `builder` starts servers, `lease` hands out databases, `client` speaks.

mod builder;
mod client;
mod fixtures;
mod lease;

use serde::{Deserialize, Serialize};

pub use self::builder::Builder;
pub(crate) use self::fixtures::link;
use self::lease::Lease;
use super::address::Address;
use super::error::{Error, Result};
use super::server::{Life, Origin, blocking};

/// A Redis server: the built-in session fixture `redis`, and what its builder starts.
///
/// Where it is had, in order:
///
/// 1. `ITEST_REDIS_URL`; never one that looks like production.
/// 2. `redis-server` or `valkey-server` on this machine (`ITEST_REDIS_BIN`, `PATH`, where packages
///    put it), as a private server on a free port of `127.0.0.1`, with a password of its own and
///    without persistence; as root it runs as the user `redis` or `nobody`.
/// 3. A container of `redis:7` (`ITEST_REDIS_IMAGE` names another image), by Docker or Podman.
/// 4. Else the tests that need it are skipped, and the reason lists what was tried;
///    `--require redis` makes them fail.
///
/// The value is a handle that goes to every test process as a copy. The one that started a server
/// stops it when it is dropped, which a session fixture does at the end of the run.
///
/// ```
/// use itest::prelude::*;
/// use itest::service::RedisDatabase;
///
/// #[integration]
/// async fn counts(redis_database: &RedisDatabase) {
///     // Empty, and this test's alone: any client takes the URL.
///     let url = redis_database.url();
///     assert!(url.starts_with("redis://"));
/// }
/// ```
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Redis {
    url: String,
    origin: Origin,
    #[serde(skip)]
    life: Life,
}

impl Redis {
    /// Starts with: itest's own settings.
    pub fn builder() -> Builder {
        Builder::default()
    }

    fn new(address: Address, origin: Origin, life: Life) -> Self {
        Redis {
            url: address.to_string(),
            origin,
            life,
        }
    }

    /// The server's URL, `redis://default:password@127.0.0.1:port/0`. Every client of Redis takes it.
    ///
    /// Database 0 of it is shared by all tests, and has itest's own key in it: a test's own is
    /// [`RedisDatabase`].
    pub fn url(&self) -> &str {
        &self.url
    }

    fn address(&self) -> Result<Address> {
        Address::parse(&self.url, &["redis", "valkey"], 6379)
    }

    /// Takes a numbered database that no other test has, in whatever process, and empties it.
    ///
    /// On a server that the environment names, databases that have data in them are left alone.
    ///
    /// # Errors
    /// When the server does not answer, or all its databases are taken.
    pub async fn database(&self) -> Result<RedisDatabase> {
        let (address, ours) = (self.address()?, self.origin.is_ours());
        blocking("Redis", move || {
            let lease = Lease::take(&address, ours)?;
            let url = address.with_path(lease.number().to_string()).to_string();
            Ok(RedisDatabase { url, lease })
        })
        .await
    }

    /// What the server has logged so far; `None` of one that the environment named, or that is
    /// gone.
    pub async fn log(&self) -> Option<String> {
        self.origin.log().await
    }

    /// Stops a server that this value started, and tells whether that went well; without it,
    /// dropping does the same silently. Of any other handle it does nothing.
    ///
    /// # Errors
    /// When the server had ended by itself, or had to be killed.
    pub async fn stop(self) -> Result<(), Error> {
        self.life.end("Redis").await
    }
}

/// A numbered database of a [`Redis`]: the built-in fixture `redis_database`.
///
/// It is empty when a test gets it, nobody else uses it meanwhile, and it is emptied on drop. If
/// the test's process is killed, whoever gets the number next finds it empty all the same.
#[derive(Debug)]
pub struct RedisDatabase {
    url: String,
    lease: Lease,
}

impl RedisDatabase {
    /// The URL of this database, `redis://default:password@127.0.0.1:port/7`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// What `SELECT` takes; from 1.
    pub fn number(&self) -> u32 {
        self.lease.number()
    }
}
