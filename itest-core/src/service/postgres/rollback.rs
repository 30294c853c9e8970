//! Whether tests that should roll everything back did.

use std::collections::BTreeMap;

use super::client::{Client, SqlError, quote_name};
use super::template::blocking;
use super::url::Url;
use super::{PgDatabase, admin};
use crate::service::error::{Context, Error, Result};

/// Rows by table.
pub(super) type Counts = BTreeMap<String, u64>;

/// How many rows the tables of a database have.
pub(super) async fn count(database: &PgDatabase) -> Result<Counts> {
    let database = database.handle();
    blocking(move || {
        let url = Url::parse(database.url())?;
        admin::with_url(&url, count_now)
            .context(|| format!("cannot look into the shared database `{}`", database.name()))
    })
    .await
}

fn count_now(client: &mut Client) -> Result<Counts, SqlError> {
    let tables = "SELECT schemaname, tablename FROM pg_tables \
                  WHERE schemaname NOT IN ('pg_catalog', 'information_schema')";
    let tables: Vec<String> = client
        .query(tables)?
        .into_iter()
        .map(|row| {
            let names: Vec<String> = row.into_iter().flatten().collect();
            let quoted: Vec<String> = names.iter().map(|name| quote_name(name)).collect();
            quoted.join(".")
        })
        .collect();
    if tables.is_empty() {
        return Ok(Counts::new());
    }
    let counts: Vec<String> = tables
        .iter()
        .map(|table| format!("(SELECT count(*) FROM {table})"))
        .collect();
    let rows = client.query(&format!("SELECT {}", counts.join(", ")))?;
    let counts = rows.concat().into_iter().flatten();
    let counts = counts.map(|count| count.parse().unwrap_or(0));
    Ok(tables.into_iter().zip(counts).collect())
}

/// # Errors
/// When a table has another number of rows than before, or is new or gone.
pub(super) async fn check(database: &PgDatabase, before: Counts, test: &str) -> Result<()> {
    let after = count(database).await?;
    if after == before {
        return Ok(());
    }
    let tables = before.keys().chain(after.keys());
    let mut changed: Vec<String> = tables
        .filter(|table| before.get(*table) != after.get(*table))
        .map(|table| table.replace('"', "`").replace("`.`", "."))
        .collect();
    changed.sort();
    changed.dedup();
    Err(Error::new(format!(
        "`{test}`, or a test beside it, has committed to the database that tests with `pg_rollback` \
         share: {} changed; take `pg_database` where a test commits",
        changed.join(", ")
    )))
}
