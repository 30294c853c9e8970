//! Integration testing for Rust: scoped fixtures, conditional skips, one session per run.

// Generated code says `::itest::…`, in this crate's own tests and examples too.
#[allow(
    unused_extern_crates,
    reason = "named by what the attributes expand to, where features have fixtures"
)]
extern crate self as itest;

pub mod builtin;
mod call;
#[cfg(all(feature = "cli", unix))]
#[doc(hidden)]
pub mod cargo;
mod channel;
mod chosen;
mod cli;
mod condition;
pub mod contract;
pub mod data;
mod def;
mod describe;
#[doc(hidden)]
pub mod doctor;
mod dropin;
pub mod event;
mod history;
mod json;
mod listing;
mod markers;
pub mod outcome;
mod plan;
pub mod prelude;
#[doc(hidden)]
pub mod private;
mod register;
mod registry;
pub mod report;
mod resource;
mod run;
mod scope;
#[cfg(feature = "service")]
pub mod service;
#[cfg(unix)]
mod session;
mod signal;
mod sort;
mod thread;
mod value;

#[doc(hidden)]
pub use private as __private;

#[cfg(all(unix, fuzzing))]
#[doc(hidden)]
#[path = "fuzzing.rs"]
pub mod __fuzzing;

pub use itest_macros::{fixture, integration, integration_test, main, skip_if};

pub use builtin::Request;
pub use def::FixtureRef;
pub use resource::{Registration, Resource, Signal};
pub use scope::Scope;

/// What fallible fixtures and tests return when any error will do.
///
/// `?` takes every error, `String`s and `&str`s too. Errors are reported with their whole chain.
///
/// ```
/// use itest::prelude::*;
///
/// #[fixture]
/// fn port() -> Result<u16> {
///     Ok("8080".parse()?)
/// }
/// ```
pub type Result<T = (), E = Box<dyn std::error::Error + Send + Sync>> = std::result::Result<T, E>;
