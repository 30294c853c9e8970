//! [`Attempts`]: how those tests failed so far that are tried again.

use crate::event::TestId;
use crate::outcome::Outcome;

/// Of tests that have not ended: not many at a time.
#[derive(Debug, Default)]
pub(super) struct Attempts(Vec<(TestId, Outcome)>);

impl Attempts {
    pub(super) fn failed(&mut self, test: TestId, outcome: &Outcome) {
        self.0.push((test, outcome.clone()));
    }

    /// Those of a test that has ended.
    pub(super) fn take(&mut self, test: &TestId) -> Vec<Outcome> {
        let mut taken = Vec::new();
        for (of, outcome) in std::mem::take(&mut self.0) {
            match of == *test {
                true => taken.push(outcome),
                false => self.0.push((of, outcome)),
            }
        }
        taken
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
