//! [`Event`]: everything that happens in a run, in order.
//!
//! Reporters see only events, so a stored stream of them reproduces every report.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::outcome::{Failure, FixtureError, Outcome};
use crate::scope::Scope;

/// One thing that happened.
///
/// Durations are seconds as floating-point numbers when serialised.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Event {
    /// The first event of a run.
    RunStarted {
        /// Selected tests, the skipped and ignored ones among them.
        tests: usize,
        /// Tests that the filters left out.
        filtered_out: usize,
        /// Of `--shuffle`, where given.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        shuffle_seed: Option<u64>,
    },
    /// A test that will not run: ignored or skipped before any setup. No other event follows for it.
    TestIgnored {
        /// Which.
        test: TestName,
        /// Empty for a bare `#[ignore]`.
        reason: String,
        /// A skip condition held, in contrast to `#[ignore]`.
        skipped: bool,
    },
    /// The test's fixtures and then its body are about to run.
    TestStarted {
        /// Which.
        test: TestName,
    },
    /// A fixture's setup starts.
    SetupStarted {
        /// Which.
        fixture: FixtureName,
    },
    /// A fixture's setup ended.
    SetupFinished {
        /// Which.
        fixture: FixtureName,
        /// Why it failed; `None` is a success, or a skip.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        error: Option<FixtureError>,
        /// Why it skipped.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        skipped: Option<String>,
        /// Time taken.
        #[serde(with = "seconds")]
        duration: Duration,
    },
    /// The test's body is about to run.
    CallStarted {
        /// Which.
        test: TestName,
    },
    /// A fixture's teardown starts.
    TeardownStarted {
        /// Which.
        fixture: FixtureName,
    },
    /// A fixture's teardown ended.
    TeardownFinished {
        /// Which.
        fixture: FixtureName,
        /// Why it failed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        error: Option<FixtureError>,
        /// Time taken.
        #[serde(with = "seconds")]
        duration: Duration,
        /// What it printed, where captured and where the fixture outlives a test.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        output: String,
    },
    /// A process ended badly when no test ran in it; no test's result is affected.
    ProcessFailed {
        /// Which, and how.
        failure: Failure,
        /// What it printed last.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        output: String,
    },
    /// An attempt failed and the test is tried again, with fresh test-scoped fixtures.
    AttemptFailed {
        /// Which.
        test: TestName,
        /// From 1.
        attempt: u32,
        /// How it failed.
        #[serde(flatten)]
        outcome: Outcome,
    },
    /// The test and its own fixtures' teardown ended.
    TestFinished {
        /// Which.
        test: TestName,
        /// How.
        #[serde(flatten)]
        outcome: Outcome,
        /// How many attempts it took; a pass after more than one is *flaky*.
        attempts: u32,
        /// Teardown errors of its test-scoped fixtures and finalizers; each is an error of its own.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        teardown_errors: Vec<FixtureError>,
        /// Setup, call and teardown together.
        #[serde(with = "seconds")]
        duration: Duration,
        /// What it printed, where captured; empty otherwise. Bytes that are not UTF-8 are replaced.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        output: String,
    },
    /// The test has been running for a long time.
    TestSlow {
        /// Which.
        test: TestName,
        /// So far.
        #[serde(with = "seconds")]
        elapsed: Duration,
    },
    /// The last event of a run.
    RunFinished {
        /// Of the whole run, wide teardowns included.
        #[serde(with = "seconds")]
        duration: Duration,
        /// Stopped before all selected tests had run.
        #[serde(default)]
        interrupted: bool,
    },
}

/// A test as the user names it, `api::creates_user`.
pub type TestName = std::sync::Arc<str>;

/// Which fixture instance an event is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FixtureName {
    /// Its path in its binary, `common::db`.
    pub path: String,
    /// `file:line`.
    pub location: String,
    /// How long it lives.
    pub scope: Scope,
    /// Which of its instances: the test, group or module that it is for; empty for wider ones.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub instance: String,
    /// The test that made it start, or the last that used it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub test: Option<TestName>,
}

mod seconds {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(value: &Duration, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_f64(value.as_secs_f64())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
        let seconds = f64::deserialize(from)?;
        Duration::try_from_secs_f64(seconds).map_err(serde::de::Error::custom)
    }
}
