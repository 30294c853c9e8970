//! The modules of `conformance` under libtest's harness.
//!
//! Its tests fail by design: the driver in `conformance` builds and runs it, see there.

// Only the driver reads the expectations.
#![allow(dead_code)]

#[macro_use]
#[path = "conformance/vocabulary.rs"]
mod vocabulary;

#[path = "conformance/asynchronous.rs"]
mod asynchronous;
#[path = "conformance/attempts.rs"]
mod attempts;
#[path = "conformance/autouse.rs"]
mod autouse;
#[path = "conformance/errors.rs"]
mod errors;
#[path = "conformance/lookup.rs"]
mod lookup;
#[path = "conformance/order.rs"]
mod order;
#[path = "conformance/overriding.rs"]
mod overriding;
#[path = "conformance/parameters.rs"]
mod parameters;
#[path = "conformance/scope.rs"]
mod scope;
#[path = "conformance/skip.rs"]
mod skip;
#[path = "conformance/teardown.rs"]
mod teardown;
#[path = "conformance/values.rs"]
mod values;
#[path = "conformance/xfail.rs"]
mod xfail;
