//! NATS: a server for the run, and a prefix of subjects for each test.
//!
//! [`Nats`] is the server, a session fixture and what [`Nats::builder`] makes; [`NatsPrefix`] is a
//! test's own part of its subjects.

mod builder;
mod fixtures;

use serde::{Deserialize, Serialize};

pub use self::builder::Builder;
pub(crate) use self::fixtures::link;
use super::address::Address;
use super::directory::random;
use super::error::{Error, Result};
use super::server::{Life, Origin};

/// A NATS server: the built-in session fixture `nats`, and what its builder starts.
///
/// Where it is had, in order:
///
/// 1. `ITEST_NATS_URL`; never one that looks like production.
/// 2. `nats-server` on this machine (`ITEST_NATS_BIN`, `PATH`, where packages put it), as a private
///    server on a free port of `127.0.0.1`, with a login of its own; as root it runs as the user
///    `nats` or `nobody`.
/// 3. A container of `nats:2` (`ITEST_NATS_IMAGE` names another image), by Docker or Podman.
/// 4. Else the tests that need it are skipped, and the reason lists what was tried;
///    `--require nats` makes them fail.
///
/// The value is a handle that goes to every test process as a copy. The one that started a server
/// stops it when it is dropped, which a session fixture does at the end of the run.
///
/// ```
/// use itest::prelude::*;
/// use itest::service::{Nats, NatsPrefix};
///
/// #[integration]
/// async fn tells(nats: &Nats, nats_prefix: &NatsPrefix) {
///     // Any client takes the URL; nobody else uses this subject.
///     let (url, subject) = (nats.url(), nats_prefix.subject("orders.created"));
///     assert!(url.starts_with("nats://") && subject.ends_with(".orders.created"));
/// }
/// ```
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Nats {
    url: String,
    origin: Origin,
    #[serde(skip)]
    life: Life,
}

impl Nats {
    /// Starts with: itest's own settings, without JetStream.
    pub fn builder() -> Builder {
        Builder::default()
    }

    fn new(address: &Address, origin: Origin, life: Life) -> Self {
        Nats {
            url: address.to_string(),
            origin,
            life,
        }
    }

    /// The server's URL, `nats://user:password@127.0.0.1:port`. Every client of NATS takes it.
    pub fn url(&self) -> &str {
        &self.url
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
        self.life.end("NATS").await
    }
}

/// A test's own part of a server's subjects: the built-in fixture `nats_prefix`.
///
/// NATS keeps no messages for those who were not there, so a prefix that nobody else has is all the
/// isolation that is needed. Streams and consumers of JetStream have names beside their subjects:
/// [`name`](Self::name) makes them a test's own too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NatsPrefix(String);

impl NatsPrefix {
    /// One that nobody has.
    #[expect(
        clippy::new_without_default,
        reason = "a default value would not be another one each time"
    )]
    pub fn new() -> Self {
        NatsPrefix(format!("itest.{:016x}", random()))
    }

    /// The prefix itself, without a dot at its end: `itest.5f3a…`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// A subject below the prefix; wildcards work as ever: `subject("orders.>")`.
    ///
    /// ```
    /// let prefix = itest::service::NatsPrefix::new();
    /// assert_eq!(prefix.subject("orders.*"), format!("{}.orders.*", prefix.as_str()));
    /// ```
    pub fn subject(&self, subject: &str) -> String {
        format!("{}.{subject}", self.0)
    }

    /// A name for what must have no dots, such as a stream: `itest-5f3a…-orders`.
    pub fn name(&self, name: &str) -> String {
        format!("{}-{name}", self.0.replace('.', "-"))
    }
}
