//! [`Transaction`]: several writes that happen together or not at all.

use sqlx::any::Any;

use super::connection::Source;
use super::{Resources, Users};
use crate::Result;

/// An open transaction; dropping it undoes it.
#[derive(Debug)]
#[must_use = "a transaction that is not committed is undone"]
pub struct Transaction {
    pub(super) inner: sqlx::Transaction<'static, Any>,
}

impl Transaction {
    /// The users, as this transaction sees them.
    pub fn users(&mut self) -> Users<'_> {
        Users(Source::Transaction(&mut self.inner))
    }

    /// The resources, as this transaction sees them.
    pub fn resources(&mut self) -> Resources<'_> {
        Resources(Source::Transaction(&mut self.inner))
    }

    /// Keeps everything.
    ///
    /// # Errors
    /// [`Error::Database`](crate::Error::Database) if the database cannot.
    pub async fn commit(self) -> Result<()> {
        Ok(self.inner.commit().await?)
    }

    /// Undoes everything, and waits until that is done.
    ///
    /// # Errors
    /// [`Error::Database`](crate::Error::Database) if the connection is lost, which undoes it as well.
    pub async fn rollback(self) -> Result<()> {
        Ok(self.inner.rollback().await?)
    }
}
