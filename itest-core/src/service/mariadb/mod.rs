//! MariaDB: a server for the run, and a database for each test.
//!
//! [`MariaDb`] is the server, a session fixture and what [`MariaDb::builder`] makes;
//! [`MariaDbDatabase`] is a test's own. MariaDB has no templates to copy: what a database shall have
//! in it is created anew each time.

mod builder;
mod cache;
mod client;
mod fixtures;

use std::path::Path;

use serde::{Deserialize, Serialize};

pub use self::builder::Builder;
use self::client::Client;
pub(crate) use self::fixtures::link;
use super::address::Address;
use super::directory::random;
use super::error::{Context, Error, Result};
use super::server::{Life, Origin, blocking};

/// A MariaDB server: the built-in session fixture `mariadb`, and what its builder starts.
///
/// Where it is had, in order:
///
/// 1. `ITEST_MARIADB_URL` (`mysql://…`); never one that looks like production. Needs the program
///    `mariadb` to create databases.
/// 2. `mariadbd` on this machine (`ITEST_MARIADB_BIN`, `PATH`, where packages put it), as a private
///    server on a copy of a cached data directory, on a free port of `127.0.0.1`, with a login of its
///    own and without durability; as root it runs as the user `mysql` or `nobody`.
/// 3. A container of `mariadb:11` (`ITEST_MARIADB_IMAGE` names another image), by Docker or Podman.
/// 4. Else the tests that need it are skipped, and the reason lists what was tried;
///    `--require mariadb` makes them fail.
///
/// The value is a handle that goes to every test process as a copy. The one that started a server
/// stops it when it is dropped, which a session fixture does at the end of the run.
///
/// ```
/// use itest::prelude::*;
/// use itest::service::{MariaDb, MariaDbDatabase};
///
/// /// What every test finds in its database.
/// #[fixture]
/// async fn shop(mariadb_database: &MariaDbDatabase) -> Result<String> {
///     mariadb_database.execute("CREATE TABLE orders (id INT PRIMARY KEY)").await?;
///     Ok(mariadb_database.url().to_owned())
/// }
///
/// #[integration]
/// async fn orders_are_stored(shop: &String) {
///     assert!(shop.starts_with("mysql://")); // for any client
/// }
/// ```
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct MariaDb {
    url: String,
    client: Client,
    origin: Origin,
    #[serde(skip)]
    life: Life,
}

impl MariaDb {
    /// Starts with: itest's own settings.
    pub fn builder() -> Builder {
        Builder::default()
    }

    fn new(address: &Address, client: Client, origin: Origin, life: Life) -> Self {
        MariaDb {
            url: address.to_string(),
            client,
            origin,
            life,
        }
    }

    /// The server's URL, with a login that may create databases:
    /// `mysql://user:password@127.0.0.1:port/mysql`. sqlx, mysql_async and diesel take it.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Creates an empty database that no other test has.
    ///
    /// # Errors
    /// When the server does not answer, or the login may not create databases.
    pub async fn database(&self) -> Result<MariaDbDatabase> {
        let client = self.client.clone();
        let address = Address::parse(&self.url, &["mysql", "mariadb"], 3306)?;
        blocking("MariaDB", move || {
            let name = format!("itest_{:016x}", random());
            client
                .sql(&format!("CREATE DATABASE {name} CHARACTER SET utf8mb4"))
                .context(|| format!("cannot create a database on {}", address.place()))?;
            Ok(MariaDbDatabase {
                url: address.with_path(&*name).to_string(),
                name,
                client,
            })
        })
        .await
    }

    /// What the server has logged so far; `None` of one that the environment named, or that is
    /// gone.
    pub async fn log(&self) -> Option<String> {
        self.origin.log().await
    }

    /// Stops a server that this value started, and tells whether that went well; without it,
    /// dropping does the same silently. Of any other handle it does nothing.
    ///
    /// # Errors
    /// When the server had ended by itself, or had to be killed.
    pub async fn stop(self) -> Result<(), Error> {
        self.life.end("MariaDB").await
    }
}

/// A database of a [`MariaDb`]: the built-in fixture `mariadb_database`.
///
/// It is new and empty when a test gets it, and dropped with the value.
#[derive(Debug)]
pub struct MariaDbDatabase {
    url: String,
    name: String,
    client: Client,
}

impl MariaDbDatabase {
    /// The URL of this database.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Its name, `itest_…`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Runs SQL in it, as many statements as there are: a schema, rows.
    ///
    /// # Errors
    /// With the server's words and the number of the line.
    pub async fn execute(&self, sql: impl Into<String>) -> Result<()> {
        let (client, name, sql) = (self.client.clone(), self.name.clone(), sql.into());
        blocking("SQL", move || client.sql_in(&name, &sql).map(drop)).await
    }

    /// Runs a file of SQL in it; its path is relative to the root of the package, as all of
    /// [`mod@crate::data`].
    ///
    /// # Errors
    /// When it cannot be read; and as [`execute`](Self::execute).
    pub async fn execute_file(&self, path: impl AsRef<Path>) -> Result<()> {
        let path = path.as_ref();
        let failed = || format!("cannot run `{}`", path.display());
        let sql = crate::data::text(path).context(failed)?;
        self.execute(sql).await.context(failed)
    }
}

impl Drop for MariaDbDatabase {
    fn drop(&mut self) {
        // If the server is gone, so is the database; on one that is not ours its name tells whose
        // it was.
        let _ = self
            .client
            .sql(&format!("DROP DATABASE IF EXISTS {}", self.name));
    }
}
