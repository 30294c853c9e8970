//! [`PgDatabase`]: a private database, copied from a template.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::client::{quote_name, quote_text};
use super::janitor::{CHANNEL, KEPT};
use super::server::KEEP;
use super::{Origin, Postgres, admin};

/// Keeps the databases of tests that fail.
const KEEP_VARIABLE: &str = "ITEST_POSTGRES_KEEP";

/// A database of one's own: the built-in fixture `pg_database` gives every test one.
///
/// It may do everything in it: commit, change the schema, open many connections. What it does
/// not have to itself is what belongs to the server: roles, settings, other databases.
///
/// The value that made the database has it dropped after it is itself, at a time when that costs
/// nobody anything; copies in other processes are just handles. With `ITEST_POSTGRES_KEEP=1` the
/// database of a test that fails stays, with its server, and its output says where.
///
/// ```
/// use itest::prelude::*;
/// use itest::service::PgDatabase;
///
/// #[integration]
/// async fn starts_empty(pg_database: &PgDatabase) {
///     // `PgPool::connect(pg_database.url())`, `tokio_postgres::connect(…)`, `PgConnection::…`
///     assert!(pg_database.name().starts_with("itest_"));
/// }
/// ```
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PgDatabase {
    url: String,
    name: String,
    #[serde(skip)]
    #[expect(dead_code, reason = "it is there to be dropped")]
    owned: Option<Arc<Owned>>,
}

/// Has the database dropped.
#[derive(Debug)]
struct Owned {
    postgres: Postgres,
    name: String,
}

impl PgDatabase {
    pub(super) fn new(postgres: &Postgres, name: String) -> Self {
        PgDatabase {
            url: postgres.url_for(&name),
            owned: Some(Arc::new(Owned {
                // Without what stops the server: that is not for a database to decide.
                postgres: postgres.handle(),
                name: name.clone(),
            })),
            name,
        }
    }

    /// The same without what drops it.
    pub(super) fn handle(&self) -> Self {
        PgDatabase {
            owned: None,
            ..self.clone()
        }
    }

    /// Where it is, as sqlx, tokio-postgres, diesel and `psql` take it.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Its name, `itest_…`.
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl Owned {
    /// Leaves the database there, with its server, and says so.
    fn keep(&self) {
        let name = quote_name(&self.name);
        let sql = format!("COMMENT ON DATABASE {name} IS '{KEPT}'");
        let _ = admin::with(&self.postgres, |client| client.query(&sql).map(drop));
        println!(
            "the test's database is kept: psql '{}'",
            self.postgres.url_for(&self.name)
        );
        if let Origin::Private { directory, .. } = &self.postgres.origin {
            let pid = std::fs::read_to_string(directory.join("data/postmaster.pid"));
            let pid = pid.unwrap_or_default();
            println!(
                "its server goes on until you say: kill -QUIT {}; rm -r {}",
                pid.lines().next().unwrap_or_default(),
                directory.display()
            );
            let _ = std::fs::write(directory.join(KEEP), "");
        }
    }
}

impl Drop for Owned {
    fn drop(&mut self) {
        let keeps = || std::env::var(KEEP_VARIABLE).is_ok_and(|value| value == "1");
        if crate::run::executor::test_failed() && keeps() {
            return self.keep();
        }
        // If nobody hears it, the database goes with the server, or at the end of the session.
        let sql = format!("SELECT pg_notify('{CHANNEL}', {})", quote_text(&self.name));
        let _ = admin::with(&self.postgres, |client| client.query(&sql).map(drop));
    }
}
