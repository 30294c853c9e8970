//! Real services for tests: started when a test asks for them, gone when the run ends.
//!
//! Each service is a feature of this crate and a session fixture that needs nothing but a
//! parameter. Where the service is to be had is tried in one order: a URL in the environment, a
//! binary on this machine as a private server, a container, and else the tests are skipped with a
//! reason that lists what was tried. `--require NAME` makes that skip a failure.
//!
//! This module has what all of them are built from; it knows no service.

mod directory;
mod error;
#[cfg(feature = "postgres")]
pub mod postgres;
mod probe;
mod process;
mod user;

pub use error::Error;
#[cfg(feature = "postgres")]
pub use postgres::{PgDatabase, Postgres};

/// Names the built-in fixtures of all services, so that no linker leaves them out.
///
/// They are submitted to `inventory` like anybody's; what is named nowhere in a library need not
/// get into the binary.
pub(crate) fn link() {
    #[cfg(feature = "postgres")]
    postgres::link();
}
