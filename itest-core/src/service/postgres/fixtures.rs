//! The built-in fixtures, declared like anybody's.

use super::{Error, Migrations, PgDatabase, PgTemplate, Postgres};
use crate::{Request, fixture, provide};

type Result<T> = std::result::Result<T, Error>;

/// A PostgreSQL server for the whole run.
#[fixture(scope = "session")]
pub async fn postgres() -> Result<Postgres> {
    let server = Postgres::builder().start().await?;
    let server = provide!(server);
    server.stop().await?;
}

/// What databases of tests have in them; override it.
#[fixture(scope = "session")]
pub fn pg_migrations() -> Migrations {
    Migrations::none()
}

/// A database with `pg_migrations`, to be copied.
#[fixture(scope = "session")]
pub async fn pg_template(postgres: &Postgres, pg_migrations: &Migrations) -> Result<PgTemplate> {
    postgres.template(pg_migrations).await
}

/// A private copy of `pg_template`.
#[fixture]
pub async fn pg_database(pg_template: &PgTemplate, request: &Request) -> Result<PgDatabase> {
    pg_template.create_for(request.test_name()).await
}

/// A copy of `pg_template` that all tests share, and that can only be read.
#[fixture(scope = "session")]
pub async fn pg_read_only(pg_template: &PgTemplate) -> Result<PgDatabase> {
    pg_template.create_read_only().await
}

/// See [`crate::service::link`].
pub(crate) fn link() {
    let all = [
        postgres().def(),
        pg_migrations().def(),
        pg_template().def(),
        pg_database().def(),
        pg_read_only().def(),
    ];
    std::hint::black_box(all);
}
