//! Contracts: what clients of an API may rely on.
//!
//! [`assert_compatible`] checks that clients of an old body can read a new one; `Schema`, behind the
//! feature `contract`, checks bodies against JSON Schema.
#![cfg_attr(feature = "contract", doc = "")]
#![cfg_attr(feature = "contract", doc = include_str!("../../docs/contract.md"))]

mod compare;
#[cfg(feature = "contract")]
mod schema;

pub use compare::{Break, Breaks, assert_compatible, check_compatible};
#[cfg(feature = "contract")]
pub use schema::{Schema, SchemaError, Violation, Violations};

/// The body in the form that is looked at.
///
/// # Panics
/// If it has no form in JSON: a map with keys that are no strings, for instance.
#[track_caller]
fn as_json<T: serde::Serialize + ?Sized>(what: &str, body: &T) -> serde_json::Value {
    match serde_json::to_value(body) {
        Ok(value) => value,
        Err(error) => panic!("the {what} cannot be written as JSON: {error}"),
    }
}

/// Where in a body something is, from its root, `$`: `$.users[0].email`.
fn member(path: &str, name: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
    if !name.is_empty() && name.chars().all(plain) {
        format!("{path}.{name}")
    } else {
        format!("{path}[{name:?}]")
    }
}
