//! Fixtures that are always there.

mod request;

pub use request::{IntoTeardown, Request};
pub(crate) use request::{import_env, set_env};
