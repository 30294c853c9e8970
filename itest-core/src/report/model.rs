//! [`Model`]: a whole run in memory, for reports that show more than its course.

use std::collections::HashMap;
use std::time::Duration;

use super::tally::Tally;
use crate::event::{Attachment, BinaryId, Event, FixtureName, Record, RunInfo, TestId, TestName};
use crate::outcome::{Failure, FixtureError, Outcome};
use crate::scope::Scope;

/// Gathers the records of a run.
#[derive(Debug, Default)]
pub(super) struct Model {
    pub(super) run: RunInfo,
    pub(super) tally: Tally,
    /// In the order of the plan.
    pub(super) tests: Vec<Test>,
    /// In the order of setup.
    pub(super) fixtures: Vec<Life>,
    /// Processes that ended badly without a test: how, and what they printed.
    pub(super) processes: Vec<(Failure, String)>,
    /// Of the whole run.
    pub(super) duration: Duration,
    index: HashMap<TestId, usize>,
    /// Which of `fixtures` are alive.
    live: HashMap<LifeKey, Vec<usize>>,
}

/// A test, and what became of it.
#[derive(Debug)]
pub(super) struct Test {
    pub(super) id: TestId,
    pub(super) file: String,
    pub(super) line: u32,
    pub(super) markers: Vec<String>,
    pub(super) state: State,
    pub(super) worker: Option<u32>,
    /// Since the start of the run.
    pub(super) start: Duration,
    pub(super) duration: Duration,
    pub(super) attempts: u32,
    /// Of the attempts before the last.
    pub(super) earlier: Vec<Outcome>,
    pub(super) teardown_errors: Vec<FixtureError>,
    /// Left behind, in words.
    pub(super) leaks: Vec<String>,
    pub(super) output: String,
    pub(super) attachments: Vec<Attachment>,
}

/// How far a test has come.
#[derive(Debug, PartialEq)]
pub(super) enum State {
    /// Nothing was heard of it.
    NotRun,
    /// It was under way when the records ended.
    Running,
    Ignored(String),
    Skipped(String),
    Ended(Outcome),
}

/// A fixture's instance from setup to teardown.
#[derive(Debug)]
pub(super) struct Life {
    pub(super) fixture: FixtureName,
    pub(super) binary: BinaryId,
    pub(super) worker: Option<u32>,
    pub(super) setup: Phase,
    /// Why it has no value.
    pub(super) skipped: Option<String>,
    /// `None` where there was nothing to tear down, or no time to do it.
    pub(super) teardown: Option<Phase>,
}

/// A setup or a teardown.
#[derive(Debug)]
pub(super) struct Phase {
    /// Since the start of the run.
    pub(super) start: Duration,
    pub(super) duration: Duration,
    pub(super) error: Option<FixtureError>,
    pub(super) output: String,
}

type LifeKey = (BinaryId, Option<u32>, String, String, Scope);

impl Model {
    pub(super) fn record(&mut self, record: &Record) {
        self.tally.record(record);
        match &record.event {
            Event::RunStarted(run) => self.run = RunInfo::clone(run),
            Event::TestPlanned {
                test,
                file,
                line,
                markers,
            } => {
                let test = self.test(record, test);
                test.file = file.to_string();
                test.line = *line;
                test.markers = markers.iter().map(ToString::to_string).collect();
            }
            Event::TestIgnored {
                test,
                reason,
                skipped,
            } => {
                let test = self.test(record, test);
                test.state = match skipped {
                    true => State::Skipped(reason.clone()),
                    false => State::Ignored(reason.clone()),
                };
                test.start = record.at;
            }
            Event::TestStarted { test } => {
                let test = self.test(record, test);
                test.state = State::Running;
                test.start = record.at;
                test.worker = record.worker;
            }
            Event::AttemptFailed { test, outcome, .. } => {
                self.test(record, test).earlier.push(outcome.clone());
            }
            Event::TestFinished {
                test,
                outcome,
                attempts,
                teardown_errors,
                duration,
                output,
            } => {
                let test = self.test(record, test);
                test.state = match outcome {
                    Outcome::Skipped { reason } => State::Skipped(reason.clone()),
                    outcome => State::Ended(outcome.clone()),
                };
                test.worker = record.worker;
                // The test's own process tells its times exactly.
                test.start = record.at.saturating_sub(*duration);
                test.duration = *duration;
                test.attempts = *attempts;
                test.teardown_errors.clone_from(teardown_errors);
                test.output.clone_from(output);
            }
            Event::SetupFinished {
                fixture,
                error,
                skipped,
                duration,
                output,
            } => {
                let phase = Phase::ended(record, *duration, error.as_ref(), output);
                let life = Life::new(record, fixture, phase, skipped.clone());
                self.live
                    .entry(life.key())
                    .or_default()
                    .push(self.fixtures.len());
                self.fixtures.push(life);
            }
            Event::TeardownFinished {
                fixture,
                error,
                duration,
                output,
            } => {
                let phase = Phase::ended(record, *duration, error.as_ref(), output);
                // Of what a record is missing, the teardown is all that is known.
                let unknown = Phase {
                    start: phase.start,
                    duration: Duration::ZERO,
                    error: None,
                    output: String::new(),
                };
                let mut life = Life::new(record, fixture, unknown, None);
                let live = self.live.get_mut(&life.key()).and_then(Vec::pop);
                match live {
                    Some(index) => self.fixtures[index].teardown = Some(phase),
                    None => {
                        life.teardown = Some(phase);
                        self.fixtures.push(life);
                    }
                }
            }
            Event::Attached {
                test,
                fixture: _,
                attachment,
            } => self.test(record, test).attachments.push(attachment.clone()),
            Event::TestLeaked { test, leaks } => {
                let leaks = leaks.iter().map(|leak| leak.what.clone());
                self.test(record, test).leaks.extend(leaks);
            }
            Event::ProcessFailed { failure, output } => {
                self.processes.push((failure.clone(), output.clone()));
            }
            Event::RunFinished { duration, .. } => self.duration = *duration,
            Event::CallStarted { .. }
            | Event::SetupStarted { .. }
            | Event::TeardownStarted { .. }
            | Event::TestSlow { .. } => (),
        }
    }

    fn test(&mut self, record: &Record, name: &TestName) -> &mut Test {
        let id = record.id(name);
        let index = *self.index.entry(id.clone()).or_insert_with(|| {
            self.tests.push(Test::new(id));
            self.tests.len() - 1
        });
        &mut self.tests[index]
    }

    /// When the last thing happened of which is known.
    pub(super) fn end(&self) -> Duration {
        let tests = self.tests.iter().map(|test| test.start + test.duration);
        let fixtures = self.fixtures.iter().map(Life::end_of_work);
        tests.chain(fixtures).fold(self.duration, Duration::max)
    }
}

impl Test {
    fn new(id: TestId) -> Self {
        Test {
            id,
            file: String::new(),
            line: 0,
            markers: Vec::new(),
            state: State::NotRun,
            worker: None,
            start: Duration::ZERO,
            duration: Duration::ZERO,
            attempts: 0,
            earlier: Vec::new(),
            teardown_errors: Vec::new(),
            leaks: Vec::new(),
            output: String::new(),
            attachments: Vec::new(),
        }
    }

    /// The result in one word.
    pub(super) fn word(&self) -> &'static str {
        match &self.state {
            State::NotRun | State::Running => "not run",
            State::Ignored(_) => "ignored",
            State::Skipped(_) => "skipped",
            State::Ended(Outcome::Passed) if self.is_flaky() => "flaky",
            State::Ended(Outcome::Passed) => "passed",
            State::Ended(Outcome::Failed { .. }) => "failed",
            State::Ended(Outcome::Error { .. }) => "error",
            State::Ended(Outcome::Skipped { .. }) => "skipped",
            State::Ended(Outcome::Xfailed { .. }) => "xfailed",
            State::Ended(Outcome::Xpassed { .. }) => "xpassed",
        }
    }

    /// It passed, but not at the first attempt.
    pub(super) fn is_flaky(&self) -> bool {
        self.attempts > 1 && self.state == State::Ended(Outcome::Passed)
    }

    /// What was given to `#[ignore]`, `#[skip_if]`, `skip!` or `#[xfail]`.
    pub(super) fn reason(&self) -> Option<&str> {
        match &self.state {
            State::Ignored(reason)
            | State::Skipped(reason)
            | State::Ended(Outcome::Xfailed { reason } | Outcome::Xpassed { reason }) => {
                Some(reason)
            }
            _ => None,
        }
    }

    /// How it failed, or would have.
    pub(super) fn outcome(&self) -> Option<&Outcome> {
        match &self.state {
            State::Ended(outcome) => Some(outcome),
            _ => None,
        }
    }
}

impl Life {
    fn new(record: &Record, fixture: &FixtureName, setup: Phase, skipped: Option<String>) -> Self {
        Life {
            fixture: fixture.clone(),
            binary: record.binary.clone(),
            worker: record.worker,
            setup,
            skipped,
            teardown: None,
        }
    }

    fn key(&self) -> LifeKey {
        let FixtureName {
            path,
            scope,
            instance,
            ..
        } = &self.fixture;
        let (binary, worker) = (self.binary.clone(), self.worker);
        (binary, worker, path.clone(), instance.clone(), *scope)
    }

    fn end_of_work(&self) -> Duration {
        let last = self.teardown.as_ref().unwrap_or(&self.setup);
        last.start + last.duration
    }
}

impl Phase {
    fn ended(
        record: &Record,
        duration: Duration,
        error: Option<&FixtureError>,
        output: &str,
    ) -> Self {
        Phase {
            start: record.at.saturating_sub(duration),
            duration,
            error: error.cloned(),
            output: output.to_owned(),
        }
    }
}
