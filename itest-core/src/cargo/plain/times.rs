//! [`Times`]: how long tests of libtest took, which it does not tell.

use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};

use crate::event::TestName;

/// Follows which tests run: libtest starts them in the order of its list, as many at a time as it has
/// threads, and the next one when it has told that one has ended.
#[derive(Debug)]
pub(super) struct Times {
    waiting: VecDeque<TestName>,
    running: HashMap<TestName, Instant>,
    threads: usize,
    /// A test ended that was not running: the order is another one.
    is_lost: bool,
}

impl Times {
    pub(super) fn new(tests: &[TestName], threads: usize) -> Self {
        Times {
            waiting: tests.iter().cloned().collect(),
            running: HashMap::new(),
            threads,
            is_lost: false,
        }
    }

    /// The tests start now, unless they have.
    pub(super) fn start(&mut self, now: Instant) {
        while self.running.len() < self.threads
            && let Some(test) = self.waiting.pop_front()
        {
            self.running.insert(test, now);
        }
    }

    /// Takes a test's end; gives how long it took, if that can be known.
    pub(super) fn end(&mut self, test: &TestName, now: Instant) -> Option<Duration> {
        if self.is_lost {
            return None;
        }
        let Some(started) = self.running.remove(test) else {
            self.is_lost = true;
            return None;
        };
        self.start(now);
        Some(now.saturating_duration_since(started))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_test_starts_where_another_one_ended() {
        let names: Vec<TestName> = ["a", "b", "c", "d"].map(Into::into).to_vec();
        let start = Instant::now();
        let at = |millis| start + Duration::from_millis(millis);
        let mut times = Times::new(&names, 2);
        times.start(at(0));
        let mut end = |test: usize, millis| times.end(&names[test], at(millis));
        let millis = |millis| Some(Duration::from_millis(millis));
        assert_eq!(end(1, 5), millis(5));
        assert_eq!(end(2, 8), millis(3));
        assert_eq!(end(0, 20), millis(20));
        assert_eq!(end(3, 30), millis(22));
    }

    #[test]
    fn in_another_order_nothing_is_known() {
        let names: Vec<TestName> = ["a", "b", "c"].map(Into::into).to_vec();
        let now = Instant::now();
        let mut times = Times::new(&names, 1);
        times.start(now);
        assert_eq!(times.end(&names[1], now), None);
        assert_eq!(times.end(&names[0], now), None);
    }
}
