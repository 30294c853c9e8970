//! [`PgDatabase`]: a private database, copied from a template.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::client::quote_text;
use super::janitor::CHANNEL;
use super::{Postgres, admin};

/// A database of one's own: the built-in fixture `pg_database` gives every test one.
///
/// It may do everything in it: commit, change the schema, open many connections. What it does
/// not have to itself is what belongs to the server: roles, settings, other databases.
///
/// The value that made the database has it dropped after it is itself, at a time when that costs
/// nobody anything; copies in other processes are just handles.
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

    /// Where it is, as sqlx, tokio-postgres, diesel and `psql` take it.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Its name, `itest_…`.
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl Drop for Owned {
    fn drop(&mut self) {
        // If nobody hears it, the database goes with the server, or at the end of the session.
        let sql = format!("SELECT pg_notify('{CHANNEL}', {})", quote_text(&self.name));
        let _ = admin::with(&self.postgres, |client| client.query(&sql).map(drop));
    }
}
