//! An inventory service: users, the resources they own, and what those are worth.
//!
//! The application that itest's own integration suite tests (`tests/`).
//! It is small but real: an HTTP [`api`] over a [`database`] with two backends,
//! an [`import`] pipeline of four stages, and the client of an [`external`] service.
//!
//! ```text
//! HTTP ──► api ──► database ──► SQLite or PostgreSQL
//!           ├────► import: loader → processor → validator → writer ──► database
//!           └────► external: exchange rates of another service
//! ```
//!
//! Outside of its unit tests, nothing in this crate knows about itest or about tests.
//!
//! # Examples
//!
//! ```
//! use itest_examples::{api::{AppState, Server}, database::Database, model::NewUser};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let db = Database::in_memory().await?;
//! let ada = db.users().create(&NewUser::new("Ada", "ada@example.com")).await?;
//!
//! let server = Server::start(AppState::new(db)).await?;
//! let shown: serde_json::Value = reqwest::get(format!("{}/api/users/{}", server.url(), ada.id))
//!     .await?
//!     .json()
//!     .await?;
//! assert_eq!(shown["email"], "ada@example.com");
//! server.stop().await?;
//! # Ok(())
//! # }
//! ```

pub mod api;
pub mod config;
pub mod database;
pub mod error;
pub mod external;
pub mod import;
pub mod model;

pub use error::{Error, Result};
