//! Expensive setup, done once for a group of tests.

use std::sync::atomic::{AtomicU32, Ordering};

use itest::prelude::*;
use itest::service::sqlite::SqliteTemplate;
use itest_examples::api::{AppState, Server};
use itest_examples::database::Database;
use itest_examples::model::{Resource, Summary};
use reqwest::Client;

const ROWS: u32 = 10_000;

/// How often `shared_setup` ran in this process.
static SETUPS: AtomicU32 = AtomicU32::new(0);

#[integration(markers(integration, load(rows = 10_000)), timeout = "20s")]
#[skip_if(
    env = "QUICK",
    reason = "QUICK is set: unset it to run what takes longer"
)]
mod optimized {
    use super::*;

    /// A large database, one for all tests of this group (pytest's class).
    #[fixture(scope = "group", timeout = "30s")]
    async fn shared_setup(sqlite_template: &SqliteTemplate) -> Result<Database> {
        SETUPS.fetch_add(1, Ordering::Relaxed);
        // The file is removed with the value, when the group has ended.
        let file = sqlite_template.create()?;
        let db = Database::open(file.path()).await?;
        db.seed_large_dataset(ROWS).await?;
        let db = provide!(db);
        db.close().await;
    }

    #[integration]
    async fn the_database_does_the_sums(shared_setup: &Database) -> Result {
        let count = i64::from(ROWS);
        let expected = Summary {
            count,
            total: count * (count + 1) / 2,
            largest: count,
        };
        assert_eq!(shared_setup.resources().summary().await?, expected);
        Ok(())
    }

    #[integration]
    async fn a_long_list_is_served_whole(shared_setup: &Database, http: &Client) -> Result {
        let server = Server::start(AppState::new(shared_setup.clone())).await?;
        let url = format!("{}/api/resources", server.url());
        let all: Vec<Resource> = http.get(url).send().await?.json().await?;
        assert_eq!(all.len(), ROWS as usize);
        server.stop().await?;
        Ok(())
    }

    #[integration]
    async fn the_setup_ran_once(_shared_setup: &Database) {
        assert_eq!(SETUPS.load(Ordering::Relaxed), 1);
    }
}

/// Too long for every day.
#[integration(markers(load(rows = 500_000)), timeout = "5m")]
#[ignore = "seeds half a million rows: run it with `--ignored`"]
async fn half_a_million_rows(db: &Database) -> Result {
    db.seed_large_dataset(500_000).await?;
    assert_eq!(db.resources().summary().await?.largest, 500_000);
    Ok(())
}
