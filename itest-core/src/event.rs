//! [`Record`]: everything that happens in a run, with time and place.
//!
//! Reporters see only records, so a stored stream of them reproduces every report.

mod form;

use std::borrow::Cow;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crate::outcome::{Failure, FixtureError, Outcome};
use crate::scope::Scope;

/// An [`Event`], and when and where it happened.
///
/// Records come in the order in which the dispatcher heard of them. Those of one worker are in the
/// order of their time, those of different workers may be not.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// Since the start of the run.
    pub at: Duration,
    /// The test binary; empty for what concerns several, the run itself for instance.
    pub binary: BinaryId,
    /// The number of the worker, from 0; `None` for the dispatcher and the session host.
    pub worker: Option<u32>,
    /// What happened.
    pub event: Event,
}

impl Record {
    /// The test that the event is about.
    pub fn test(&self) -> Option<TestId> {
        match &self.event {
            Event::TestPlanned { test, .. }
            | Event::TestIgnored { test, .. }
            | Event::TestStarted { test }
            | Event::CallStarted { test }
            | Event::AttemptFailed { test, .. }
            | Event::TestLeaked { test, .. }
            | Event::TestFinished { test, .. }
            | Event::TestSlow { test, .. } => Some(self.id(test)),
            _ => None,
        }
    }

    /// A test of the record's binary.
    pub(crate) fn id(&self, test: &TestName) -> TestId {
        TestId {
            binary: self.binary.clone(),
            name: test.clone(),
        }
    }
}

impl Event {
    /// As records name it, `test-started`.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Event::RunStarted(_) => "run-started",
            Event::TestPlanned { .. } => "test-planned",
            Event::TestIgnored { .. } => "test-ignored",
            Event::TestStarted { .. } => "test-started",
            Event::SetupStarted { .. } => "setup-started",
            Event::SetupFinished { .. } => "setup-finished",
            Event::Attached { .. } => "attached",
            Event::CallStarted { .. } => "call-started",
            Event::TeardownStarted { .. } => "teardown-started",
            Event::TeardownFinished { .. } => "teardown-finished",
            Event::ProcessFailed { .. } => "process-failed",
            Event::AttemptFailed { .. } => "attempt-failed",
            Event::TestLeaked { .. } => "test-leaked",
            Event::TestFinished { .. } => "test-finished",
            Event::TestSlow { .. } => "test-slow",
            Event::RunFinished { .. } => "run-finished",
        }
    }

    /// The name of the test that it is about, or that a fixture was set up for.
    pub(crate) fn test_mut(&mut self) -> Option<&mut TestName> {
        match self {
            Event::TestPlanned { test, .. }
            | Event::TestIgnored { test, .. }
            | Event::TestStarted { test }
            | Event::Attached { test, .. }
            | Event::CallStarted { test }
            | Event::AttemptFailed { test, .. }
            | Event::TestLeaked { test, .. }
            | Event::TestFinished { test, .. }
            | Event::TestSlow { test, .. } => Some(test),
            Event::SetupStarted { fixture }
            | Event::SetupFinished { fixture, .. }
            | Event::TeardownStarted { fixture, .. }
            | Event::TeardownFinished { fixture, .. } => fixture.test.as_mut(),
            _ => None,
        }
    }
}

/// A test binary as nextest names it: the package, and the target unless it has the same name.
pub type BinaryId = Arc<str>;

/// A test as the user names it, `api::creates_user`.
pub type TestName = Arc<str>;

/// A test among those of several binaries.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TestId {
    /// Its binary.
    pub binary: BinaryId,
    /// Its name there.
    pub name: TestName,
}

/// The version of the schema of records as JSON.
pub const SCHEMA: u32 = 1;

/// What is known of a run at its start.
#[derive(Debug, Clone, PartialEq)]
pub struct RunInfo {
    /// [`SCHEMA`] of what wrote it. What readers cannot ignore makes it higher.
    pub schema: u32,
    /// Selected tests, the skipped and ignored ones among them.
    pub tests: usize,
    /// Tests that the filters left out.
    pub filtered_out: usize,
    /// Of `--shuffle`, where given.
    pub shuffle_seed: Option<u64>,
    /// When it started; all times of records count from here.
    pub started: SystemTime,
    /// The version of itest.
    pub version: Cow<'static, str>,
    /// Tells runs apart.
    pub run_id: Arc<str>,
    /// Of `--profile`, where given.
    pub profile: Option<String>,
    /// Those that take part.
    pub binaries: Vec<BinaryId>,
    /// Many processes added to the records, as under nextest: what is said here is what the first
    /// of them knew, and there is no [`Event::RunFinished`].
    pub shared: bool,
}

impl Default for RunInfo {
    /// A run without tests at the beginning of 1970.
    fn default() -> Self {
        RunInfo {
            schema: SCHEMA,
            tests: 0,
            filtered_out: 0,
            shuffle_seed: None,
            started: SystemTime::UNIX_EPOCH,
            version: env!("CARGO_PKG_VERSION").into(),
            run_id: "".into(),
            profile: None,
            binaries: Vec::new(),
            shared: false,
        }
    }
}

/// One thing that happened.
///
/// In records as JSON, durations are seconds as floating-point numbers.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// The first event of a run.
    RunStarted(Box<RunInfo>),
    /// A selected test, one event for each, before any other about tests.
    TestPlanned {
        /// Which.
        test: TestName,
        /// Its source file, as the compiler names it.
        file: Cow<'static, str>,
        /// Where its name stands in that file, from 1.
        line: u32,
        /// Of the test and its groups, as written: `external`, `load(level = 3)`.
        markers: Vec<Cow<'static, str>>,
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
    /// The test's fixtures and then its body are about to run. It starts once more if before that the
    /// teardown of another one's fixture took its worker away.
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
        error: Option<FixtureError>,
        /// Why it skipped.
        skipped: Option<String>,
        /// Time taken.
        duration: Duration,
        /// What it printed, where captured; the output of the test that made it start has it too.
        output: String,
    },
    /// A test or fixture gave something to the report.
    Attached {
        /// The test, or the one for which the fixture was set up.
        test: TestName,
        /// The fixture's path, where a fixture did.
        fixture: Option<String>,
        /// What.
        attachment: Attachment,
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
        error: Option<FixtureError>,
        /// Time taken.
        duration: Duration,
        /// What it printed, where captured. For a fixture of one test the test's output has it too.
        output: String,
    },
    /// A process ended badly when no test ran in it; no test's result is affected.
    ProcessFailed {
        /// Which, and how.
        failure: Failure,
        /// What it printed last.
        output: String,
    },
    /// An attempt failed and the test is tried again, with fresh test-scoped fixtures.
    AttemptFailed {
        /// Which.
        test: TestName,
        /// From 1.
        attempt: u32,
        /// How it failed.
        outcome: Outcome,
    },
    /// The test left something behind that `--leaks` only warns of. It may come after the test's
    /// end, when a wide fixture that could have owned it is gone.
    TestLeaked {
        /// Which.
        test: TestName,
        /// What.
        leaks: Vec<Leak>,
    },
    /// The test and its own fixtures' teardown ended.
    TestFinished {
        /// Which.
        test: TestName,
        /// How.
        outcome: Outcome,
        /// How many attempts it took; a pass after more than one is *flaky*.
        attempts: u32,
        /// Teardown errors of its test-scoped fixtures and finalizers; each is an error of its own.
        teardown_errors: Vec<FixtureError>,
        /// Setup, call and teardown together.
        duration: Duration,
        /// What it printed, where captured; empty otherwise. Bytes that are not UTF-8 are replaced.
        output: String,
    },
    /// The test has been running for a long time.
    TestSlow {
        /// Which.
        test: TestName,
        /// So far.
        elapsed: Duration,
    },
    /// The last event of a run.
    RunFinished {
        /// Of the whole run, wide teardowns included.
        duration: Duration,
        /// Stopped before all selected tests had run.
        interrupted: bool,
    },
}

/// Which fixture instance an event is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FixtureName {
    /// Its path in its binary, `common::db`.
    pub path: String,
    /// `file:line`.
    pub location: String,
    /// How long it lives.
    pub scope: Scope,
    /// Which of its instances: the test, group or module that it is for; empty for wider ones.
    pub instance: String,
    /// The test that made it start, or the last that used it.
    pub test: Option<TestName>,
}

/// Something that a test left behind.
#[doc = include_str!("../docs/leaks.md")]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leak {
    /// What sort.
    pub kind: LeakKind,
    /// In words: `file descriptor 9 is open: /tmp/a`. Values of variables are not told.
    pub what: String,
}

/// What sort of [`Leak`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LeakKind {
    /// The working directory is another one.
    Cwd,
    /// A variable of the environment was set, removed or changed.
    Env,
    /// A file descriptor is open.
    Fds,
    /// A child process was not waited for.
    Children,
    /// A task still runs on the shared async runtime.
    Tasks,
}

impl LeakKind {
    /// Every one.
    pub const ALL: [LeakKind; 5] = [
        LeakKind::Cwd,
        LeakKind::Env,
        LeakKind::Fds,
        LeakKind::Children,
        LeakKind::Tasks,
    ];

    /// As settings and events name it, `cwd`.
    pub fn name(self) -> &'static str {
        match self {
            LeakKind::Cwd => "cwd",
            LeakKind::Env => "env",
            LeakKind::Fds => "fds",
            LeakKind::Children => "children",
            LeakKind::Tasks => "tasks",
        }
    }
}

/// Something besides text output that belongs to a test's report, a screenshot for instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment {
    /// As given, `response.json`.
    pub name: String,
    /// Guessed from name and content, `image/png`.
    pub media_type: Cow<'static, str>,
    /// In bytes.
    pub size: u64,
    /// `None` where it is too large to be kept. Base64 in JSON.
    pub content: Option<Arc<[u8]>>,
}

impl Attachment {
    /// More is not kept.
    pub(crate) const LIMIT: usize = 8 << 20;

    pub(crate) fn new(name: String, content: &[u8]) -> Self {
        Attachment {
            media_type: media_type(&name, content).into(),
            size: content.len() as u64,
            content: (content.len() <= Self::LIMIT).then(|| content.into()),
            name,
        }
    }
}

/// By the name's ending, or else by whether it is text.
fn media_type(name: &str, content: &[u8]) -> &'static str {
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    match &*ending.to_ascii_lowercase() {
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "gif" => "image/gif",
        "webp" => "image/webp",
        "svg" => "image/svg+xml",
        "json" => "application/json",
        "xml" => "application/xml",
        "html" | "htm" => "text/html",
        "csv" => "text/csv",
        "pdf" => "application/pdf",
        "zip" => "application/zip",
        "gz" => "application/gzip",
        _ if std::str::from_utf8(content).is_ok() => "text/plain",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests;
