//! How tests and fixtures end: [`Outcome`], [`Failure`] and [`FixtureError`].

use std::fmt;

use serde::{Deserialize, Serialize};

/// How a test ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "lowercase")]
pub enum Outcome {
    /// It did what it should.
    Passed,
    /// Its own code failed.
    Failed {
        /// What happened.
        failure: Failure,
    },
    /// A fixture that it needs failed; the test's own code did not run.
    Error {
        /// Which fixture, and how.
        error: FixtureError,
    },
    /// A condition, or `skip!`, said that it does not apply here.
    Skipped {
        /// Why.
        reason: String,
    },
    /// It failed, as `#[xfail]` said.
    Xfailed {
        /// Of the `#[xfail]`.
        reason: String,
    },
    /// It passed although `#[xfail]` said that it would not (and was not strict).
    Xpassed {
        /// Of the `#[xfail]`.
        reason: String,
    },
}

impl Outcome {
    /// Whether the run fails because of it.
    pub fn is_failure(&self) -> bool {
        matches!(self, Outcome::Failed { .. } | Outcome::Error { .. })
    }
}

/// Why user code did not end well.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// What sort.
    pub kind: FailureKind,
    /// The panic's message, or the error's own text.
    pub message: String,
    /// The error's sources, outermost first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub causes: Vec<String>,
    /// `file:line:column` of a panic, where known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
    /// As `RUST_BACKTRACE` asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backtrace: Option<String>,
}

/// What sort of [`Failure`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FailureKind {
    /// A panic, a failed assertion for instance.
    Panic,
    /// An `Err` was returned.
    Error,
    /// The time limit passed.
    Timeout,
    /// The process that ran it ended: a signal, an abort, an exit.
    Crash,
    /// The run was interrupted.
    Interrupted,
    /// `#[should_panic]`, a strict `#[xfail]` or `--require` was not met.
    Expectation,
    /// The framework's rules were broken: `provide!` was not reached, a value does not serialise …
    Misuse,
}

impl Failure {
    /// A failure of the given kind with nothing but a message.
    pub fn new(kind: FailureKind, message: impl Into<String>) -> Self {
        Failure {
            kind,
            message: message.into(),
            causes: Vec::new(),
            location: None,
            backtrace: None,
        }
    }

    /// An error with its whole chain.
    pub fn from_error<E: std::error::Error + ?Sized>(error: &E) -> Self {
        let mut failure = Failure::new(FailureKind::Error, error.to_string());
        let mut source = error.source();
        while let Some(cause) = source {
            failure.causes.push(cause.to_string());
            source = cause.source();
        }
        failure
    }
}

/// The message, then a line `caused by: …` for each cause.
impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        for cause in &self.causes {
            write!(f, "\n  caused by: {cause}")?;
        }
        Ok(())
    }
}

/// A fixture's setup or teardown that failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FixtureError {
    /// The fixture's path in its binary, `common::db`.
    pub fixture: String,
    /// `file:line` of the fixture.
    pub location: String,
    /// From the test's own request to the fixture, when longer than one: `app`, `db`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub chain: Vec<String>,
    /// Failed earlier, for another test, and was remembered; reported in full there.
    pub remembered: bool,
    /// One for a setup; a teardown can fail at several places.
    pub failures: Vec<Failure>,
}
