//! [`order`]: in which order one executor would run the tests.

use super::{Known, Manner, Schedule};
use crate::run::suite::Suite;

/// The suite and the number of each test that is to be run, as one executor would run them.
pub(crate) fn order(suites: &[Suite], shuffle: Option<u64>) -> Vec<(usize, usize)> {
    let manner = Manner {
        executors: 1,
        shuffle,
        in_order: false,
        repeat: 1,
        max_fail: None,
        session_comes: false,
    };
    let schedule = Schedule::new(suites, manner, |_, _| Known::default());
    let mut order = Vec::new();
    while let Some(batch) = schedule.next(0) {
        order.extend(batch.tests.iter().map(|test| (batch.suite, *test)));
    }
    order
}
