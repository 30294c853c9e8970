//! [`Scope`]: how long a fixture's value lives.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How long a fixture's value lives; a total order from narrow to wide.
///
/// The rules are pytest's, with *worker* (Playwright's term) between module and session.
///
/// ```
/// use itest::Scope;
/// assert!(Scope::Test < Scope::Session);
/// assert_eq!(Scope::Worker.to_string(), "worker");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
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
