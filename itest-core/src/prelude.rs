//! What a file with integration tests needs: `use itest::prelude::*;`.
//!
//! `skip` and `xfail` are the attributes here; the macros of the same names, for use inside a
//! test, are `itest::skip!` and `itest::xfail!` (one module cannot have both under one name).

pub use itest_macros::{case, skip, xfail};

pub use crate::builtin::Request;
pub use crate::{Result, fixture, integration, integration_test, provide, skip_if};
