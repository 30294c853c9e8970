//! Users and resources in SQLite or PostgreSQL.
//!
//! [`Database`] is a pool of connections; the URL chooses the backend, and everything else is the same for both.
//! [`Users`] and [`Resources`] work on the pool (`db.users()`) or inside a [`Transaction`] (`tx.users()`).
//!
//! Each write is atomic in itself: one that fails inside a transaction undoes only itself,
//! and the transaction can go on. (By default PostgreSQL would refuse everything that follows.)

mod connection;
mod migrations;
mod pool;
mod resources;
mod seed;
#[cfg(test)]
mod tests;
mod transaction;
mod users;

pub use pool::{Backend, Database};
pub use resources::Resources;
pub use seed::{Dataset, DatasetResource, DatasetUser};
pub use transaction::Transaction;
pub use users::Users;
