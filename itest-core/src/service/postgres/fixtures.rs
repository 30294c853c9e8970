//! The built-in fixtures, declared like anybody's.

use super::{Error, Postgres};
use crate::fixture;

/// A PostgreSQL server for the whole run.
#[fixture(scope = "session")]
pub async fn postgres() -> Result<Postgres, Error> {
    Postgres::builder().start().await
}

/// See [`crate::service::link`].
pub(crate) fn link() {
    std::hint::black_box(postgres().def());
}
