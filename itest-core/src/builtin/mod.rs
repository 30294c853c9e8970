//! Fixtures that are always there.

mod request;

pub use request::{IntoTeardown, Request};
