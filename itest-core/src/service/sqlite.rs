//! SQLite: a private copy of a migrated file for each test, with whatever driver you have.
//!
//! There is no server and no driver here: a template is a file, made once by your own code, and a
//! test's database is a copy of its bytes.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::directory::{ServiceDirectory, random};
use super::error::{Context, Error, Result};
use crate::fixture;

/// A database file that nobody changes: the built-in session fixture `sqlite_template`, which is
/// empty, and there to be overridden.
///
/// ```
/// use std::path::Path;
///
/// use itest::prelude::*;
/// use itest::service::sqlite::SqliteTemplate;
///
/// # struct SqlitePool;
/// # impl SqlitePool {
/// #     async fn connect(_: &str) -> Result<Self> { Ok(SqlitePool) }
/// #     async fn close(&self) {}
/// # }
/// # async fn migrate(_: &SqlitePool) -> Result { Ok(()) }
/// #[fixture(scope = "session")]
/// async fn sqlite_template() -> Result<SqliteTemplate> {
///     let template = SqliteTemplate::build(async |file: &Path| -> Result {
///         let pool = SqlitePool::connect(&format!("sqlite:{}", file.display())).await?;
///         migrate(&pool).await?; // `sqlx::migrate!().run(&pool)`
///         pool.close().await;
///         Ok(())
///     });
///     Ok(template.await?)
/// }
/// ```
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SqliteTemplate {
    file: PathBuf,
    #[serde(skip)]
    #[expect(dead_code, reason = "it is there to be dropped")]
    owned: Option<Arc<ServiceDirectory>>,
}

impl SqliteTemplate {
    /// Makes one: `fill` gets the path of an empty file, which SQLite takes for an empty database.
    ///
    /// # Errors
    /// When `fill` fails, or leaves a connection open: what it wrote is not all in the file then.
    pub async fn build<E: Into<Box<dyn std::error::Error + Send + Sync>>>(
        fill: impl AsyncFnOnce(&Path) -> std::result::Result<(), E>,
    ) -> Result<Self> {
        let directory = ServiceDirectory::create("sqlite", 64 << 20, None)?;
        let file = directory.path().join("template.db");
        fs::write(&file, "").context(|| format!("cannot create `{}`", file.display()))?;
        fill(&file)
            .await
            .context(|| "the template's function failed".to_owned())?;
        for suffix in ["-wal", "-journal"] {
            let beside = beside(&file, suffix);
            if beside.metadata().is_ok_and(|meta| meta.len() > 0) {
                return Err(Error::new(format!(
                    "the template is still open: there is `{}`; close all connections to it",
                    beside.display()
                )));
            }
        }
        Ok(SqliteTemplate {
            file,
            owned: Some(Arc::new(directory)),
        })
    }

    /// Its file; do not write to it.
    pub fn path(&self) -> &Path {
        &self.file
    }

    /// All of it, for a database in memory: `sqlite3_deserialize`, which rusqlite has as
    /// `Connection::deserialize_read_exact`, takes these bytes in a fraction of a millisecond.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn bytes(&self) -> io::Result<Vec<u8>> {
        fs::read(&self.file)
    }

    /// A copy that is removed with the value.
    ///
    /// # Errors
    /// When there is no room for it.
    pub fn create(&self) -> Result<SqliteDatabase> {
        let directory = self.file.parent().unwrap_or(Path::new("."));
        let file = directory.join(format!("{:08x}.db", random() as u32));
        fs::copy(&self.file, &file)
            .context(|| format!("cannot copy the template to `{}`", file.display()))?;
        Ok(SqliteDatabase { file })
    }
}

/// A database file of one's own: the built-in fixture `sqlite_database`, a copy of
/// `sqlite_template` for every test. It is removed with the value, unless the test failed and
/// `ITEST_SQLITE_KEEP=1`.
///
/// ```
/// use itest::prelude::*;
/// use itest::service::sqlite::SqliteDatabase;
///
/// #[integration]
/// fn starts_as_the_template(sqlite_database: &SqliteDatabase) {
///     // `rusqlite::Connection::open(…path())`, `SqlitePool::connect(&…url())`
///     assert!(sqlite_database.path().exists());
/// }
/// ```
#[derive(Debug)]
pub struct SqliteDatabase {
    file: PathBuf,
}

/// Keeps the databases of tests that fail.
const KEEP_VARIABLE: &str = "ITEST_SQLITE_KEEP";

impl SqliteDatabase {
    /// Its file.
    pub fn path(&self) -> &Path {
        &self.file
    }

    /// As sqlx and diesel take it: `sqlite:/path/to/file`.
    pub fn url(&self) -> String {
        format!("sqlite:{}", self.file.display())
    }
}

impl Drop for SqliteDatabase {
    fn drop(&mut self) {
        let keeps = || std::env::var(KEEP_VARIABLE).is_ok_and(|value| value == "1");
        if crate::run::executor::test_failed() && keeps() {
            // Its directory goes at the end of the run.
            let kept = std::env::temp_dir().join(self.file.file_name().unwrap_or_default());
            for suffix in ["", "-wal"] {
                let _ = fs::copy(beside(&self.file, suffix), beside(&kept, suffix));
            }
            println!("the test's database is kept: sqlite3 '{}'", kept.display());
        }
        for suffix in ["", "-wal", "-shm", "-journal"] {
            let _ = fs::remove_file(beside(&self.file, suffix));
        }
    }
}

/// The file of the same name with more behind it.
fn beside(file: &Path, suffix: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// What databases of tests have in them; override it.
#[fixture(scope = "session")]
pub async fn sqlite_template() -> Result<SqliteTemplate, Error> {
    SqliteTemplate::build(async |_: &Path| Ok::<(), Error>(())).await
}

/// A private copy of `sqlite_template`.
#[fixture]
pub fn sqlite_database(sqlite_template: &SqliteTemplate) -> Result<SqliteDatabase, Error> {
    sqlite_template.create()
}

/// See [`crate::service::link`].
pub(crate) fn link() {
    std::hint::black_box([sqlite_template().def(), sqlite_database().def()]);
}
