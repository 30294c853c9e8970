//! [`Scope`]: how long a fixture's value lives.

use std::fmt;

use serde_json::Value;

use crate::json::{FromJson, Problem, ToJson};

/// How long a fixture's value lives; a total order from narrow to wide.
///
/// The rules are pytest's, with *worker* (Playwright's term) between module and session.
///
/// ```
/// use itest::Scope;
/// assert!(Scope::Test < Scope::Session);
/// assert_eq!(Scope::Worker.to_string(), "worker");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// One value per test and attempt. The default.
    Test,
    /// One value per group (`#[integration] mod`); outside of any group it acts like `Test`.
    Group,
    /// One value per module that has a test which asks for it, nested modules having their own.
    Module,
    /// One value per worker process.
    Worker,
    /// One value per run, over all processes and test binaries.
    Session,
}

impl Scope {
    /// The word that stands in `#[fixture(scope = "…")]`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Scope::Test => "test",
            Scope::Group => "group",
            Scope::Module => "module",
            Scope::Worker => "worker",
            Scope::Session => "session",
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl ToJson for Scope {
    fn to_json(&self, out: &mut String) {
        self.as_str().to_json(out);
    }
}

impl FromJson for Scope {
    fn from_json(value: Value) -> Result<Self, Problem> {
        let name = String::from_json(value)?;
        Ok(match &*name {
            "test" => Scope::Test,
            "group" => Scope::Group,
            "module" => Scope::Module,
            "worker" => Scope::Worker,
            "session" => Scope::Session,
            _ => return Err(Problem::unknown("scope", &name)),
        })
    }
}
