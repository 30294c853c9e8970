//! Real services for tests: started when a test asks for them, gone when the run ends.
//!
//! Each service is a feature of this crate and a session fixture that needs nothing but a
//! parameter. Where the service is to be had is tried in one order: a URL in the environment, a
//! binary on this machine as a private server, a container, and else the tests are skipped with a
//! reason that lists what was tried. `--require NAME` makes that skip a failure.
#![cfg_attr(
    all(
        feature = "container",
        feature = "mariadb",
        feature = "nats",
        feature = "postgres",
        feature = "redis",
    ),
    doc = "",
    doc = include_str!("../../docs/services.md")
)]

#[allow(dead_code, reason = "no service needs all of it")]
mod address;
#[cfg(any(feature = "mariadb", feature = "postgres"))]
mod cache;
#[cfg(any(feature = "mariadb", feature = "nats", feature = "redis"))]
mod choice;
#[cfg(feature = "container")]
mod container;
#[allow(dead_code, reason = "no service needs all of it")]
mod directory;
mod error;
#[cfg(feature = "mariadb")]
mod mariadb;
#[cfg(feature = "nats")]
mod nats;
#[cfg(feature = "postgres")]
pub mod postgres;
#[allow(dead_code, reason = "no service needs all of it")]
mod probe;
#[allow(dead_code, reason = "no service needs all of it")]
mod process;
#[cfg(feature = "redis")]
mod redis;
#[cfg(any(
    feature = "mariadb",
    feature = "nats",
    feature = "postgres",
    feature = "redis",
))]
#[allow(dead_code, reason = "no service needs all of it")]
mod server;
#[cfg(feature = "sqlite")]
pub mod sqlite;
#[allow(dead_code, reason = "no service needs all of it")]
mod user;

#[cfg(feature = "container")]
pub use container::{
    Builder as ContainerBuilder, Container, Wait, container, container_engine, container_labels,
};
pub use error::Error;
#[cfg(feature = "mariadb")]
pub use mariadb::{Builder as MariaDbBuilder, MariaDb, MariaDbDatabase};
#[cfg(feature = "nats")]
pub use nats::{Builder as NatsBuilder, Nats, NatsPrefix};
#[cfg(feature = "postgres")]
pub use postgres::{PgDatabase, Postgres};
#[cfg(feature = "redis")]
pub use redis::{Builder as RedisBuilder, Redis, RedisDatabase};
#[cfg(feature = "sqlite")]
pub use sqlite::SqliteDatabase;

/// Names the built-in fixtures of all services, so that no linker leaves them out.
///
/// They are submitted to `inventory` like anybody's; what is named nowhere in a library need not
/// get into the binary.
pub(crate) fn link() {
    #[cfg(feature = "mariadb")]
    mariadb::link();
    #[cfg(feature = "nats")]
    nats::link();
    #[cfg(feature = "postgres")]
    postgres::link();
    #[cfg(feature = "redis")]
    redis::link();
    #[cfg(feature = "sqlite")]
    sqlite::link();
}
