//! The built-in fixtures, declared like anybody's.

use super::{Error, Migrations, PgDatabase, PgTemplate, Postgres, rollback};
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

/// A copy of `pg_template` for all tests of a worker; see `pg_rollback`.
#[fixture(scope = "worker")]
pub async fn pg_shared(pg_template: &PgTemplate) -> Result<PgDatabase> {
    pg_template.create_for("shared").await
}

/// The worker's shared copy, for tests that do all they do in a transaction and never commit:
/// nothing is created for them. A test after which there are other numbers of rows is an error.
#[fixture]
pub async fn pg_rollback(pg_shared: &PgDatabase, request: &Request) -> Result<PgDatabase> {
    let before = rollback::count(pg_shared).await?;
    provide!(pg_shared.handle());
    rollback::check(pg_shared, before, request.test_name()).await?;
}

/// See [`crate::service::link`].
pub(crate) fn link() {
    let all = [
        postgres().def(),
        pg_migrations().def(),
        pg_template().def(),
        pg_database().def(),
        pg_read_only().def(),
        pg_shared().def(),
        pg_rollback().def(),
    ];
    std::hint::black_box(all);
}
