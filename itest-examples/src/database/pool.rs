//! [`Database`]: opening, migrating, emptying and closing.

use std::path::Path;
use std::time::Duration;

use sqlx::any::AnyPoolOptions;
use sqlx::{AnyConnection, AnyPool, AssertSqlSafe, Connection as _, Executor as _};

use super::connection::Source;
use super::{Resources, Transaction, Users, migrations};
use crate::{Error, Result};

/// How many connections a pool opens at most. Small, because every test may have a pool of its own.
const MAX_CONNECTIONS: u32 = 4;

/// How long to wait for a free connection; a test that forgot one in a transaction should hear of it soon.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);

/// The two kinds of database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Backend {
    /// Embedded; a file or memory.
    Sqlite,
    /// A server.
    Postgres,
}

/// A pool of connections to one database.
///
/// Cheap to clone; clones share the pool.
#[derive(Debug, Clone)]
pub struct Database {
    pool: AnyPool,
    backend: Backend,
}

impl Database {
    /// Connects, without touching the schema.
    ///
    /// The URL is `sqlite:path/to/file.db` (created if missing), `sqlite::memory:` or `postgres://…`.
    ///
    /// # Errors
    /// [`Error::UnsupportedUrl`] for other schemes; [`Error::Database`] if the database is not there.
    pub async fn connect(url: &str) -> Result<Self> {
        sqlx::any::install_default_drivers();
        let backend = match url.split(':').next().unwrap_or_default() {
            "sqlite" => Backend::Sqlite,
            "postgres" | "postgresql" => Backend::Postgres,
            scheme => {
                return Err(Error::UnsupportedUrl {
                    scheme: scheme.to_owned(),
                });
            }
        };
        let in_memory = url.contains(":memory:") || url.contains("mode=memory");
        let creates_file = backend == Backend::Sqlite && !in_memory && !url.contains('?');
        let url = if creates_file {
            format!("{url}?mode=rwc")
        } else {
            url.to_owned()
        };

        let mut options = AnyPoolOptions::new()
            .max_connections(MAX_CONNECTIONS)
            .acquire_timeout(ACQUIRE_TIMEOUT);
        if in_memory {
            // Every connection to `:memory:` is a database of its own, which goes away with it.
            options = options
                .max_connections(1)
                .idle_timeout(None)
                .max_lifetime(None);
        } else if backend == Backend::Sqlite {
            // Readers and the one writer do not wait for each other.
            options = options.after_connect(|connection, _| {
                Box::pin(async move {
                    connection
                        .execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL")
                        .await?;
                    Ok(())
                })
            });
        }
        let pool = match options.connect(&url).await {
            // The pool tried again and again, and forgot what the server, or its absence, said.
            Err(sqlx::Error::PoolTimedOut) => return Err(unreachable_because(&url).await),
            result => result?,
        };
        tracing::debug!(?backend, "connected");
        Ok(Self { pool, backend })
    }

    /// A private, migrated SQLite database in memory.
    ///
    /// It has one connection: while a [`Transaction`] is open, everything else waits.
    ///
    /// # Errors
    /// As [`connect`](Self::connect) and [`migrate`](Self::migrate).
    pub async fn in_memory() -> Result<Self> {
        let db = Self::connect("sqlite::memory:").await?;
        db.migrate().await?;
        Ok(db)
    }

    /// A migrated SQLite database in a file, which is created if missing.
    ///
    /// # Errors
    /// As [`connect`](Self::connect) and [`migrate`](Self::migrate).
    pub async fn open(file: impl AsRef<Path>) -> Result<Self> {
        let path = file.as_ref().to_string_lossy();
        let path = path
            .replace('%', "%25")
            .replace('?', "%3F")
            .replace('#', "%23");
        let db = Self::connect(&format!("sqlite:{path}")).await?;
        db.migrate().await?;
        Ok(db)
    }

    /// Which kind of database this is.
    pub fn backend(&self) -> Backend {
        self.backend
    }

    /// The pool itself, for statements that this type has no method for.
    pub fn pool(&self) -> &AnyPool {
        &self.pool
    }

    /// Brings the schema up to date; does nothing if it is.
    ///
    /// # Errors
    /// [`Error::Migrate`] if a migration fails or one that was applied has changed since.
    pub async fn migrate(&self) -> Result<()> {
        migrations::migrator(self.backend)
            .run(&self.pool)
            .await
            .map_err(Error::Migrate)
    }

    /// Checks that the database answers.
    ///
    /// # Errors
    /// [`Error::Database`] if it does not.
    pub async fn ping(&self) -> Result<()> {
        self.pool.execute("SELECT 1").await?;
        Ok(())
    }

    /// The users.
    pub fn users(&self) -> Users<'_> {
        Users(Source::Pool(&self.pool))
    }

    /// The resources.
    pub fn resources(&self) -> Resources<'_> {
        Resources(Source::Pool(&self.pool))
    }

    /// Opens a transaction, which is undone unless it is committed.
    ///
    /// # Errors
    /// [`Error::Database`] if there is no connection.
    pub async fn begin(&self) -> Result<Transaction> {
        let inner = match self.backend {
            // Takes the write lock at once: a reader that wants to write later could fail instead of waiting.
            Backend::Sqlite => self.pool.begin_with("BEGIN IMMEDIATE").await?,
            Backend::Postgres => self.pool.begin().await?,
        };
        Ok(Transaction { inner })
    }

    /// Runs `work` in a transaction, which is committed if it returns `Ok` and undone otherwise.
    ///
    /// # Errors
    /// What `work` returns; [`Error::Database`] if the transaction cannot be opened or committed.
    ///
    /// # Cancel safety
    /// Dropped before it is ready, the transaction is undone.
    ///
    /// # Examples
    /// ```
    /// # use itest_examples::{Error, database::Database, model::NewUser};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Error> {
    /// let db = Database::in_memory().await?;
    /// let outcome = db
    ///     .transaction(async |tx| {
    ///         let user = tx.users().create(&NewUser::new("test", "test@example.com")).await?;
    ///         tx.users().create(&NewUser::new("duplicate", "other@example.com").with_id(user.id)).await
    ///     })
    ///     .await;
    /// assert!(matches!(outcome, Err(Error::Conflict(_))));
    /// assert_eq!(db.users().count().await?, 0);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn transaction<T, E>(
        &self,
        work: impl AsyncFnOnce(&mut Transaction) -> Result<T, E>,
    ) -> Result<T, E>
    where
        E: From<Error>,
    {
        let mut tx = self.begin().await?;
        let outcome = work(&mut tx).await;
        match &outcome {
            Ok(_) => tx.commit().await?,
            // The error of `work` matters more than one of the rollback, which happens on drop anyway.
            Err(_) => drop(tx.rollback().await),
        }
        outcome
    }

    /// Deletes everything and starts counting ids at 1 again; the schema stays.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub async fn truncate_all(&self) -> Result<()> {
        let sql = match self.backend {
            Backend::Sqlite => {
                "DELETE FROM resources; DELETE FROM profiles; DELETE FROM users; DELETE FROM sqlite_sequence;"
            }
            Backend::Postgres => "TRUNCATE users, profiles, resources RESTART IDENTITY CASCADE",
        };
        self.execute_script(sql.to_owned()).await
    }

    /// Runs several statements in one transaction.
    pub(super) async fn execute_script(&self, sql: String) -> Result<()> {
        let mut tx = self.begin().await?;
        sqlx::raw_sql(AssertSqlSafe(sql))
            .execute(&mut *tx.inner)
            .await?;
        tx.commit().await
    }

    /// Closes every connection, waiting for those in use.
    pub async fn close(&self) {
        self.pool.close().await;
    }
}

/// Connects once more, without a pool, for the error.
async fn unreachable_because(url: &str) -> Error {
    match tokio::time::timeout(ACQUIRE_TIMEOUT, AnyConnection::connect(url)).await {
        Ok(Err(error)) => error.into(),
        Ok(Ok(_)) | Err(_) => Error::Database(sqlx::Error::PoolTimedOut),
    }
}
