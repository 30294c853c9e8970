//! The integration suite of the inventory service: one file per pattern.
//!
//! | file | what it shows |
//! |---|---|
//! | `common.rs` | fixtures that every file uses, from session to test scope |
//! | `module_integration.rs` | modules working together, and errors that cross them |
//! | `api.rs` | whole workflows over HTTP |
//! | `database.rs` | transactions, cascades, isolation |
//! | `external.rs` | a mocked service, and the real one where there is a key |
//! | `test_data.rs` | data from JSON and SQL files |
//! | `containers.rs` | PostgreSQL and Redis servers |
//! | `performance.rs` | one expensive setup for a group of tests |
//! | `parallel.rs` | markers, locks, tests that must be alone |
//! | `contract.rs` | JSON schemas, old API versions |
//! | `environment.rs` | variables that every test process sees |
//! | `skips.rs` | conditions, expected failures, ignored tests |
//!
//! It needs nothing but Rust: what is missing is skipped, and the reason says what to set.
//! `tests/drop_in.rs` shows itest in a target with the default harness.

mod api;
mod common;
mod containers;
mod contract;
mod database;
mod environment;
mod external;
mod module_integration;
mod parallel;
mod performance;
mod skips;
mod test_data;

itest::main!();
