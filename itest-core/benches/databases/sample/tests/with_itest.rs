use itest::prelude::*;
use itest::service::PgDatabase;
use itest::service::postgres::Migrations;
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;

#[fixture(scope = "session")]
pub fn pg_migrations() -> Migrations {
    Migrations::directory("migrations")
}

#[fixture]
pub async fn pool(pg_database: &PgDatabase) -> Result<PgPool> {
    // As many connections as `#[sqlx::test]` gives.
    let options = PgPoolOptions::new().max_connections(5);
    let pool = provide!(options.connect(pg_database.url()).await?);
    pool.close().await;
}

macro_rules! test {
    ($name:ident) => {
        #[integration]
        async fn $name(pool: &PgPool) {
            databases_sample::check(pool).await;
        }
    };
}

databases_sample::tests!(test);

itest::main!();
