//! Where a statement runs: on the pool, or on the connection of an open transaction.

use std::ops::{Deref, DerefMut};

use sqlx::any::Any;
use sqlx::pool::PoolConnection;
use sqlx::{AnyConnection, AnyPool, Connection as _};

/// Where [`Users`](super::Users) and [`Resources`](super::Resources) get a connection.
#[derive(Debug)]
pub(super) enum Source<'a> {
    Pool(&'a AnyPool),
    Transaction(&'a mut AnyConnection),
}

impl<'a> Source<'a> {
    /// A connection for reading.
    pub(super) async fn connection(self) -> sqlx::Result<Connection<'a>> {
        Ok(match self {
            Self::Pool(pool) => Connection::Pooled(pool.acquire().await?),
            Self::Transaction(connection) => Connection::Borrowed(connection),
        })
    }

    /// A transaction for writing; a savepoint if one is open already.
    pub(super) async fn begin(self) -> sqlx::Result<sqlx::Transaction<'a, Any>> {
        match self {
            Self::Pool(pool) => pool.begin().await,
            Self::Transaction(connection) => connection.begin().await,
        }
    }
}

/// A connection of one's own, or one lent by a transaction.
pub(super) enum Connection<'a> {
    Pooled(PoolConnection<Any>),
    Borrowed(&'a mut AnyConnection),
}

impl Deref for Connection<'_> {
    type Target = AnyConnection;

    fn deref(&self) -> &AnyConnection {
        match self {
            Self::Pooled(connection) => connection,
            Self::Borrowed(connection) => connection,
        }
    }
}

impl DerefMut for Connection<'_> {
    fn deref_mut(&mut self) -> &mut AnyConnection {
        match self {
            Self::Pooled(connection) => connection,
            Self::Borrowed(connection) => connection,
        }
    }
}
