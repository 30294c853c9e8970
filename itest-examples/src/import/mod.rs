//! Users from a file: [`loader`] → [`processor`] → [`validator`] → [`writer`], or all four by [`pipeline::run`].
//!
//! Each record carries its [`Trail`], so that whatever refuses it in the end can say where it came from.
//! An import is all or nothing.

mod error;
pub mod loader;
pub mod pipeline;
pub mod processor;
mod trail;
pub mod validator;
pub mod writer;

pub use error::{ImportError, Rejected, Rejection, StageError};
pub use trail::{Stage, Trail};
