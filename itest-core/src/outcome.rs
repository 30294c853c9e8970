//! How tests and fixtures end: [`Outcome`], [`Failure`] and [`FixtureError`].

use std::fmt;

use serde_json::Value;

use crate::json::{Fields, FromJson, Object, Problem, ToJson};

/// How a test ended.
#[derive(Debug, Clone, PartialEq, Eq)]
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

    pub(crate) fn write(&self, object: &mut Object<'_>) {
        let (name, field, value): (&str, &str, &dyn ToJson) = match self {
            Outcome::Passed => ("passed", "", &""),
            Outcome::Failed { failure } => ("failed", "failure", failure),
            Outcome::Error { error } => ("error", "error", error),
            Outcome::Skipped { reason } => ("skipped", "reason", reason),
            Outcome::Xfailed { reason } => ("xfailed", "reason", reason),
            Outcome::Xpassed { reason } => ("xpassed", "reason", reason),
        };
        object.field("outcome", &name);
        if *self != Outcome::Passed {
            object.field(field, value);
        }
    }

    pub(crate) fn read(fields: &mut Fields) -> Result<Self, Problem> {
        let name: String = fields.take("outcome")?;
        Ok(match &*name {
            "passed" => Outcome::Passed,
            "failed" => Outcome::Failed {
                failure: fields.take("failure")?,
            },
            "error" => Outcome::Error {
                error: fields.take("error")?,
            },
            "skipped" => Outcome::Skipped {
                reason: fields.take("reason")?,
            },
            "xfailed" => Outcome::Xfailed {
                reason: fields.take("reason")?,
            },
            "xpassed" => Outcome::Xpassed {
                reason: fields.take("reason")?,
            },
            _ => return Err(Problem::unknown("outcome", &name)),
        })
    }
}

/// Why user code did not end well.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// What sort.
    pub kind: FailureKind,
    /// The panic's message, or the error's own text.
    pub message: String,
    /// The error's sources, outermost first.
    pub causes: Vec<String>,
    /// `file:line:column` of a panic, where known; `file:line` of the test if that says how it
    /// failed: with an error, by taking too long, by not failing.
    pub location: Option<String>,
    /// As `RUST_BACKTRACE` asked for.
    pub backtrace: Option<String>,
}

/// What sort of [`Failure`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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

impl FailureKind {
    const ALL: [FailureKind; 7] = [
        FailureKind::Panic,
        FailureKind::Error,
        FailureKind::Timeout,
        FailureKind::Crash,
        FailureKind::Interrupted,
        FailureKind::Expectation,
        FailureKind::Misuse,
    ];

    fn name(self) -> &'static str {
        match self {
            FailureKind::Panic => "panic",
            FailureKind::Error => "error",
            FailureKind::Timeout => "timeout",
            FailureKind::Crash => "crash",
            FailureKind::Interrupted => "interrupted",
            FailureKind::Expectation => "expectation",
            FailureKind::Misuse => "misuse",
        }
    }
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
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FixtureError {
    /// The fixture's path in its binary, `common::db`.
    pub fixture: String,
    /// `file:line` of the fixture.
    pub location: String,
    /// From the test's own request to the fixture, when longer than one: `app`, `db`.
    pub chain: Vec<String>,
    /// Failed earlier, for another test, and was remembered; reported in full there.
    pub remembered: bool,
    /// One for a setup; a teardown can fail at several places.
    pub failures: Vec<Failure>,
}

impl ToJson for Failure {
    fn to_json(&self, out: &mut String) {
        Object::begin(out)
            .field("kind", &self.kind.name())
            .field("message", &self.message)
            .optional("causes", &self.causes)
            .optional("location", &self.location)
            .optional("backtrace", &self.backtrace)
            .end();
    }
}

impl FromJson for Failure {
    fn from_json(value: Value) -> Result<Self, Problem> {
        let mut fields = Fields::of(value)?;
        let kind: String = fields.take("kind")?;
        let known = FailureKind::ALL
            .into_iter()
            .find(|known| known.name() == kind);
        Ok(Failure {
            kind: known.ok_or_else(|| Problem::unknown("kind of failure", &kind))?,
            message: fields.take("message")?,
            causes: fields.optional("causes")?,
            location: fields.optional("location")?,
            backtrace: fields.optional("backtrace")?,
        })
    }
}

impl ToJson for FixtureError {
    fn to_json(&self, out: &mut String) {
        Object::begin(out)
            .field("fixture", &self.fixture)
            .field("location", &self.location)
            .optional("chain", &self.chain)
            .field("remembered", &self.remembered)
            .field("failures", &self.failures)
            .end();
    }
}

impl FromJson for FixtureError {
    fn from_json(value: Value) -> Result<Self, Problem> {
        let mut fields = Fields::of(value)?;
        Ok(FixtureError {
            fixture: fields.take("fixture")?,
            location: fields.take("location")?,
            chain: fields.optional("chain")?,
            remembered: fields.take("remembered")?,
            failures: fields.take("failures")?,
        })
    }
}
