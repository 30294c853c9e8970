//! [`Tally`]: how many tests ended how, and whether the run is good.

use crate::event::{Event, Record};
use crate::outcome::Outcome;
use crate::scope::Scope;

/// Counts what happened in a run.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Tally {
    /// Selected tests.
    pub(crate) selected: usize,
    /// Tests that the filters left out.
    pub(crate) filtered_out: usize,
    /// Did what they should.
    pub(crate) passed: usize,
    /// Their own code failed.
    pub(crate) failed: usize,
    /// A fixture that they need failed.
    pub(crate) errors: usize,
    /// Skipped, before or during the run: each reason and how many, sorted.
    pub(crate) skipped: Vec<(String, usize)>,
    /// `#[ignore]`d.
    pub(crate) ignored: usize,
    /// Failed as they should.
    pub(crate) xfailed: usize,
    /// Passed where a failure was expected.
    pub(crate) xpassed: usize,
    /// Teardowns that failed, each an error of its own besides its test's result.
    pub(crate) teardown_errors: usize,
    /// Processes that ended badly without a test, or told nothing of their tests.
    pub(crate) process_errors: usize,
    /// Passed, but not at the first attempt.
    pub(crate) flaky: usize,
    /// Left something behind that is only warned of.
    pub(crate) leaky: usize,
    /// Stopped before all selected tests had run.
    pub(crate) interrupted: bool,
}

impl Tally {
    /// Takes the next record.
    pub(crate) fn record(&mut self, record: &Record) {
        match &record.event {
            Event::RunStarted(run) => {
                self.selected = run.tests;
                self.filtered_out = run.filtered_out;
            }
            Event::TestIgnored {
                reason,
                skipped: true,
                ..
            } => self.skip(reason),
            Event::TestIgnored { .. } => self.ignored += 1,
            Event::TestFinished {
                outcome,
                attempts,
                teardown_errors,
                ..
            } => {
                match outcome {
                    Outcome::Passed => {
                        self.passed += 1;
                        self.flaky += usize::from(*attempts > 1);
                    }
                    Outcome::Failed { .. } => self.failed += 1,
                    Outcome::Error { .. } => self.errors += 1,
                    Outcome::Skipped { reason } => self.skip(reason),
                    Outcome::Xfailed { .. } => self.xfailed += 1,
                    Outcome::Xpassed { .. } => self.xpassed += 1,
                }
                self.teardown_errors += teardown_errors.len();
            }
            // Those of test-scoped fixtures come with their test.
            Event::TeardownFinished {
                fixture,
                error: Some(_),
                ..
            } if fixture.scope > Scope::Test => self.teardown_errors += 1,
            Event::ProcessFailed { .. } => self.process_errors += 1,
            Event::TestLeaked { .. } => self.leaky += 1,
            Event::RunFinished { interrupted, .. } => self.interrupted = *interrupted,
            _ => (),
        }
    }

    fn skip(&mut self, reason: &str) {
        let place = self
            .skipped
            .binary_search_by(|(known, _)| known.as_str().cmp(reason));
        match place {
            Ok(known) => self.skipped[known].1 += 1,
            Err(place) => self.skipped.insert(place, (reason.to_owned(), 1)),
        }
    }

    /// Whether the run is good.
    pub(crate) fn is_success(&self) -> bool {
        self.as_failed() == 0 && self.errors_beside_tests() == 0 && !self.interrupted
    }

    /// What failed and is no test.
    pub(crate) fn errors_beside_tests(&self) -> usize {
        self.teardown_errors + self.process_errors
    }

    /// Selected tests of which nothing has been heard.
    pub(crate) fn missing(&self) -> usize {
        let heard_of = self.as_passed() + self.as_failed() + self.as_ignored();
        self.selected.saturating_sub(heard_of)
    }

    /// What libtest would have counted as passed.
    pub(crate) fn as_passed(&self) -> usize {
        self.passed + self.xfailed + self.xpassed
    }

    /// What libtest would have counted as failed.
    pub(crate) fn as_failed(&self) -> usize {
        self.failed + self.errors
    }

    /// What libtest would have counted as ignored.
    pub(crate) fn as_ignored(&self) -> usize {
        self.ignored + self.as_skipped()
    }

    /// Those that were skipped for any reason.
    pub(crate) fn as_skipped(&self) -> usize {
        self.skipped.iter().map(|(_, count)| count).sum()
    }
}
