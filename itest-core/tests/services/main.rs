//! Services from outside: real servers, started by the built-in fixtures.
//!
//! Without the server's binaries the tests are skipped, with the reason that users see. Tests in a
//! module `scenes` are `#[ignore]`d: others run them, in a process of its own, to see how a run
//! ends.

#[cfg(all(unix, feature = "container"))]
mod container;
#[cfg(feature = "mariadb")]
mod mariadb;
#[cfg(feature = "nats")]
mod nats;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(feature = "redis")]
mod redis;
#[allow(dead_code, reason = "no service needs all of it")]
mod scene;
#[cfg(feature = "sqlite")]
mod sqlite;

itest::main!();
