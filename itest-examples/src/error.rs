//! What can go wrong with stored data: [`Error`].
//!
//! The HTTP status of an error is decided in [`api`](crate::api), not here.
//! The [`import`](crate::import) pipeline and the [`external`](crate::external) service have error types of their own.

use std::path::PathBuf;

use crate::model::Invalid;

/// A result whose error is [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why an operation on the database failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There is no such row.
    #[error("{entity} {id} does not exist")]
    NotFound {
        /// What was looked for: `user` or `resource`.
        entity: &'static str,
        /// The id that nothing has.
        id: i64,
    },
    /// A unique constraint refused the row.
    #[error("it conflicts with one that exists")]
    Conflict(#[source] sqlx::Error),
    /// A foreign key refers to a row that does not exist.
    #[error("it refers to something that does not exist")]
    MissingReference(#[source] sqlx::Error),
    /// The values are not acceptable.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// The URL names no supported database.
    #[error(
        "unsupported database URL scheme `{scheme}`; expected one of: `sqlite`, `postgres`, `postgresql`"
    )]
    UnsupportedUrl {
        /// What stands before the colon.
        scheme: String,
    },
    /// The schema could not be brought up to date.
    #[error("migration failed")]
    Migrate(#[source] sqlx::migrate::MigrateError),
    /// A file with data to insert could not be read.
    #[error("cannot read `{}`", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// Anything else the database reports.
    #[error("database error")]
    Database(#[source] sqlx::Error),
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        match error.as_database_error().map(|reported| reported.kind()) {
            Some(sqlx::error::ErrorKind::UniqueViolation) => Self::Conflict(error),
            Some(sqlx::error::ErrorKind::ForeignKeyViolation) => Self::MissingReference(error),
            _ => Self::Database(error),
        }
    }
}

/// The texts of an error and of all its sources, outermost first, joined by `: `.
///
/// # Examples
///
/// ```
/// let error = itest_examples::Error::Read {
///     path: "users.csv".into(),
///     source: std::io::Error::other("disk on fire"),
/// };
/// assert_eq!(itest_examples::error::chain(&error), "cannot read `users.csv`: disk on fire");
/// ```
pub fn chain(error: &dyn std::error::Error) -> String {
    std::iter::successors(Some(error), |error| error.source())
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(": ")
}
