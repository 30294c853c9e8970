//! The integration suite of the inventory service: one file per pattern.
//!
//! | file | what it shows |
//! |---|---|
//! | `main.rs`, `common.rs` | fixtures that every file uses |
//! | `module_integration.rs` | modules working together, and errors that cross them |
//! | `api.rs` | whole workflows over HTTP, on a real socket and without one |
//! | `database.rs` | transactions, cascades, isolation |
//! | `external.rs` | a mocked service, and the real one where there is a key |
//! | `recorded.rs` | a service as it answered once, recorded and replayed |
//! | `test_data.rs` | data from JSON and SQL files |
//! | `containers.rs` | PostgreSQL and Redis servers, and any container |
//! | `performance.rs` | one expensive setup for a group of tests |
//! | `parallel.rs` | markers, locks, tests that must be alone |
//! | `contract.rs` | JSON schemas, old API versions |
//! | `environment.rs` | variables that every test process sees |
//! | `skips.rs` | conditions, expected failures, ignored tests |
//!
//! It needs nothing but Rust: what is missing is skipped, and the reason says what to install.
//! `tests/drop_in.rs` shows itest in a target with the default harness.

mod api;
mod common;
mod containers;
mod contract;
mod database;
mod environment;
mod external;
mod module_integration;
mod parallel;
mod performance;
mod recorded;
mod skips;
mod test_data;

use std::path::Path;

use itest::prelude::*;
use itest::service::sqlite::{SqliteDatabase, SqliteTemplate};
use itest_examples::api::{AppState, Server};
use itest_examples::database::Database;
use reqwest::Client;

use common::ApiClient;

itest::main!();

// Fixtures in the crate's root are every module's, and any module may override them: here is what
// pytest keeps in the outermost `conftest.py`. What nobody overrides can stand anywhere: `common`.

/// Overrides the built-in one, which is empty: migrations run once, and every test gets a copy of the
/// file.
#[fixture(scope = "session", timeout = "30s")]
async fn sqlite_template() -> Result<SqliteTemplate> {
    let migrated = SqliteTemplate::build(async |file: &Path| -> Result {
        let db = Database::open(file).await?;
        // Everything is in the one file only when nobody has it open any more.
        db.close().await;
        Ok(())
    });
    Ok(migrated.await?)
}

/// A private database.
#[fixture]
async fn db(sqlite_database: &SqliteDatabase) -> Result<Database> {
    let db = provide!(Database::open(sqlite_database.path()).await?);
    db.close().await;
}

/// The application on that database, behind a free port.
#[fixture]
async fn server(db: &Database) -> Result<Server> {
    let server = provide!(Server::start(AppState::new(db.clone())).await?);
    server.stop().await?;
}

/// A client of that server.
#[fixture]
fn client(http: &Client, server: &Server) -> ApiClient {
    ApiClient::new(http, server.url())
}
