//! Connections to a server's maintenance database, kept for the next one who needs one.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use super::client::{Client, SqlError};
use super::url::Url;
use super::{Origin, Postgres};
use crate::run::leaks;
use crate::service::directory::free;
use crate::service::error::{Error, Result};
use crate::service::process::log_tail;

/// Those that nobody uses at the moment, by URL.
static IDLE: Mutex<Option<HashMap<String, Vec<Client>>>> = Mutex::new(None);

/// Runs `with` with a connection to the server's maintenance database.
pub(super) fn with<T>(
    postgres: &Postgres,
    with: impl FnMut(&mut Client) -> Result<T, SqlError>,
) -> Result<T> {
    let url = Url::parse(&postgres.url)?;
    with_url(&url, with).map_err(|error| explain(postgres, error))
}

/// The same with a connection to any database.
///
/// One that was kept may be dead, if the server was away meanwhile; a new one is made then.
pub(super) fn with_url<T>(
    url: &Url,
    mut with: impl FnMut(&mut Client) -> Result<T, SqlError>,
) -> Result<T, SqlError> {
    let key = url.to_string();
    if let Some(mut client) = take(&key) {
        match with(&mut client) {
            Err(SqlError::Lost(_)) => {}
            done => {
                give_back(key, client);
                return done;
            }
        }
    }
    // It will be kept, whatever the test does.
    let mut client = leaks::ours(|| Client::connect(url))?;
    let done = with(&mut client);
    if !matches!(done, Err(SqlError::Lost(_))) {
        give_back(key, client);
    }
    done
}

/// A connection of one's own, to the maintenance database or another one.
pub(super) fn connect(postgres: &Postgres, database: Option<&str>) -> Result<Client> {
    let mut url = Url::parse(&postgres.url)?;
    if let Some(database) = database {
        url = url.with_database(database);
    }
    Client::connect(&url).map_err(|error| explain(postgres, error))
}

fn take(url: &str) -> Option<Client> {
    let mut idle = IDLE.lock().unwrap_or_else(PoisonError::into_inner);
    idle.as_mut()?.get_mut(url)?.pop()
}

fn give_back(url: String, client: Client) {
    let mut idle = IDLE.lock().unwrap_or_else(PoisonError::into_inner);
    idle.get_or_insert_default()
        .entry(url)
        .or_default()
        .push(client);
}

/// The server ends, or starts again after a crash.
fn is_end(error: &SqlError) -> bool {
    match error {
        SqlError::Lost(_) => true,
        SqlError::Refused(refusal) => matches!(&*refusal.code, "57P01" | "57P02" | "57P03"),
        SqlError::Unexpected(_) => false,
    }
}

fn no_room(directory: &Path) -> String {
    let left = free(directory).map_or(String::new(), |free| {
        format!(", {} MB are free", free >> 20)
    });
    format!(
        "there is no room for another database in `{}`{left} (ITEST_SERVICE_DIR names another place)",
        directory.display()
    )
}

/// What an error means for whoever wants a database, and what to do.
pub(super) fn explain(postgres: &Postgres, error: SqlError) -> Error {
    if is_end(&error)
        && let Origin::Private { directory, log, .. } = &postgres.origin
    {
        let tail = log_tail(log);
        // A full disk makes it refuse, or crash.
        let what = match tail.contains("No space left on device") {
            true => no_room(directory),
            false => "the PostgreSQL server of this run does not answer any more: somebody \
                      stopped or killed it, or it crashed"
                .to_owned(),
        };
        // How it was noticed differs from test to test, and would make them different errors.
        return Error::new(what).caused_by(match directory.exists() {
            true => Error::new(tail),
            false => Error::new("its directory is gone"),
        });
    }
    let what = match (&error, &postgres.origin) {
        (SqlError::Lost(_), Origin::Container(container)) => format!(
            "the PostgreSQL server of this run (container `{}`) does not answer any more",
            container.id()
        ),
        (SqlError::Lost(_), Origin::Given(variable)) => {
            format!("the PostgreSQL server of {variable} does not answer any more")
        }
        (SqlError::Refused(refusal), origin) => match (&*refusal.code, origin) {
            ("53100", Origin::Private { directory, .. }) => no_room(directory),
            ("53100", Origin::Given(variable)) => {
                format!("the disk of {variable}'s server is full")
            }
            ("42501", Origin::Given(variable)) => format!(
                "the user of {variable} may not do that; to create databases, `ALTER ROLE … \
                 CREATEDB` it"
            ),
            ("53300", _) => "the server has no connection left: fewer tests at a time, smaller \
                             pools, or a higher `max_connections`"
                .to_owned(),
            ("55006", _) => "somebody is connected to the template".to_owned(),
            _ => "the PostgreSQL server refuses".to_owned(),
        },
        (SqlError::Lost(_) | SqlError::Unexpected(_), _) => {
            "the PostgreSQL server cannot be used".to_owned()
        }
    };
    Error::new(what).caused_by(error)
}
