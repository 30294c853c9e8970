//! The built-in fixtures, declared like anybody's.

use super::{Error, MariaDb, MariaDbDatabase};
use crate::fixture;

/// A MariaDB server for the whole run.
#[fixture(scope = "session")]
pub async fn mariadb() -> Result<MariaDb, Error> {
    MariaDb::builder().start().await
}

/// A new database of `mariadb`, empty and this test's alone.
#[fixture]
pub async fn mariadb_database(mariadb: &MariaDb) -> Result<MariaDbDatabase, Error> {
    mariadb.database().await
}

/// See [`crate::service::link`].
pub(crate) fn link() {
    std::hint::black_box([mariadb().def(), mariadb_database().def()]);
}
