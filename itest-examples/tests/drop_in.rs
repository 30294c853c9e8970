//! itest without any configuration: the target has the default harness, so `#[integration]` is one
//! more kind of `#[test]`, and `cargo test` runs them all.
//!
//! Fixtures, scopes and conditions work as in the suite next door. libtest decides the order, and
//! knows no skips: a skipped test passes, and prints its reason with `--nocapture`.

use std::sync::atomic::{AtomicU32, Ordering};

use itest::prelude::*;
use itest::service::Postgres;
use itest_examples::database::Database;
use itest_examples::model::{NewResource, NewUser};

static SETUPS: AtomicU32 = AtomicU32::new(0);

/// Once per process, for all tests of this file; torn down when the process ends.
#[fixture(scope = "worker")]
async fn catalogue() -> Result<Database> {
    SETUPS.fetch_add(1, Ordering::Relaxed);
    let db = Database::in_memory().await?;
    db.resources()
        .create(&NewResource::new("thing", 42))
        .await?;
    let db = provide!(db);
    db.close().await;
}

/// For each test its own.
#[fixture]
async fn db() -> Result<Database> {
    let db = provide!(Database::in_memory().await?);
    db.close().await;
}

#[integration]
async fn reads_the_catalogue(catalogue: &Database) -> Result {
    assert_eq!(catalogue.resources().get(1).await?.name, "thing");
    Ok(())
}

#[integration]
async fn shares_the_catalogue(catalogue: &Database) -> Result {
    assert_eq!(catalogue.resources().all().await?.len(), 1);
    assert_eq!(SETUPS.load(Ordering::Relaxed), 1);
    Ok(())
}

#[integration(timeout = "10s")]
async fn writes_to_its_own_database(db: &Database) -> Result {
    db.users()
        .create(&NewUser::new("Ada", "ada@example.com"))
        .await?;
    assert_eq!(db.users().count().await?, 1);
    Ok(())
}

/// Skipped where there is no PostgreSQL.
#[integration]
async fn reaches_the_server(postgres: &Postgres) -> Result {
    Database::connect(postgres.url()).await?.ping().await?;
    Ok(())
}

/// What was there before goes on as before.
#[test]
fn an_ordinary_test() {
    assert!(NewUser::new("Ada", "ada@example.com").validate().is_ok());
}

/// `skip_if` needs no `#[integration]`.
#[tokio::test]
#[skip_if(
    not(env = "ITEST_POSTGRES_URL"),
    reason = "set ITEST_POSTGRES_URL to a PostgreSQL server"
)]
async fn an_ordinary_tokio_test() {
    let url = std::env::var("ITEST_POSTGRES_URL").expect("it is set, or this would be skipped");
    let db = Database::connect(&url).await.expect("the server is there");
    db.ping().await.expect("the server answers");
}
