//! [`Recorder`]: puts what happened into the history.

use std::time::Duration;

use crate::cli::Args;
use crate::event::{BinaryId, Event, Record, TestName};
use crate::history::{History, Ran};
use crate::outcome::Outcome;
use crate::run::say;
use crate::run::suite::Suite;

/// Follows the events of a run.
#[derive(Debug)]
pub(crate) struct Recorder {
    history: History,
    /// Attempts that the runner had made before, in processes of their own.
    earlier: u32,
    /// Whose tests are handed out.
    binaries: Vec<BinaryId>,
    /// Binaries of which all tests are to run.
    complete: Vec<(BinaryId, Vec<TestName>)>,
    /// Times that change now would cut the next shard differently.
    untimed: bool,
}

impl Recorder {
    pub(crate) fn new(history: History, args: &Args) -> Self {
        let attempt = std::env::var("NEXTEST_ATTEMPT");
        let attempt = attempt.ok().and_then(|attempt| attempt.parse::<u32>().ok());
        Recorder {
            history,
            earlier: attempt.unwrap_or(1).saturating_sub(1),
            binaries: Vec::new(),
            complete: Vec::new(),
            untimed: args.sharded,
        }
    }

    /// Takes what happened next. Binaries that run by themselves record by themselves, or not.
    pub(crate) fn record(&mut self, record: &Record) {
        if let Event::TestFinished {
            test,
            outcome,
            attempts,
            duration,
            ..
        } = &record.event
            && self.binaries.contains(&record.binary)
        {
            self.test(&record.binary, test, outcome, *attempts, *duration);
        }
    }

    /// Takes the end of a test.
    pub(crate) fn test(
        &mut self,
        binary: &str,
        test: &TestName,
        outcome: &Outcome,
        attempts: u32,
        duration: Duration,
    ) {
        let attempts = attempts.saturating_add(self.earlier);
        let mut ran = Ran::new(outcome, attempts, duration);
        if self.untimed {
            ran.forget_time();
        }
        self.history.record(binary, test, ran);
    }

    /// How long a test took when it ran before.
    pub(crate) fn duration(&self, suite: &Suite, test: usize) -> Option<Duration> {
        let test = &suite.summary.tests[test];
        self.history.duration(&suite.id, &test.name)
    }

    /// Whether a test failed the last time that it ran.
    pub(crate) fn has_failed(&self, suite: &Suite, test: usize) -> bool {
        let test = &suite.summary.tests[test];
        let last = self.history.last(&suite.id, &test.name);
        last.is_some_and(|past| past.is_failure())
    }

    /// Takes what is about to run.
    pub(crate) fn start(&mut self, suites: &[Suite]) {
        self.binaries = suites.iter().map(|suite| suite.id.clone()).collect();
        let complete = suites.iter().filter(|suite| {
            let all = &suite.summary;
            all.filtered_out == 0 && all.selected() == all.tests.len()
        });
        let all = complete.map(|suite| {
            let tests = suite.summary.tests.iter();
            (
                suite.id.clone(),
                tests.map(|test| test.name.clone()).collect(),
            )
        });
        self.complete = all.collect();
    }

    /// Writes the history, and says what is wrong with it.
    pub(crate) fn finish(&mut self, interrupted: bool) {
        if !interrupted {
            for (binary, tests) in std::mem::take(&mut self.complete) {
                self.history.complete(&binary, tests);
            }
        }
        self.history.save();
        if let Some(warning) = self.history.warning() {
            say(warning);
        }
    }
}
