//! PostgreSQL: private servers, a database for each test, and what goes wrong.

mod copies;
mod databases;
mod ends;
mod errors;
mod scenes;
mod servers;

use std::process::Command;

/// Runs SQL with `psql`; the rows, columns separated by `|`.
pub(crate) fn try_sql(url: &str, sql: &str) -> Result<String, String> {
    let output = Command::new("psql")
        .args(["-XAtq", "-v", "ON_ERROR_STOP=1", url, "-c", sql])
        .output()
        .map_err(|error| error.to_string())?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
    match output.status.success() {
        true => Ok(text(&output.stdout)),
        false => Err(text(&output.stderr)),
    }
}

#[track_caller]
pub(crate) fn sql(url: &str, sql: &str) -> String {
    match try_sql(url, sql) {
        Ok(rows) => rows,
        Err(error) => panic!("{error}"),
    }
}
