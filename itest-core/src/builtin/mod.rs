//! Fixtures that are always there.

mod request;

pub(crate) use request::import_env;
pub use request::{IntoTeardown, Request};
