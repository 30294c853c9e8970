//! [`Schedule`]: which executor runs which tests, and when.
//!
//! Tests that share a group's or module's fixture make a *part*, which one executor runs from end
//! to end, so that the fixture is set up once. Parts of one binary that need the same worker
//! fixtures make a *class*; an executor stays in its class while there is something left of it.
//! The schedule holds the tests' locks, and hands out what can run now before what must wait.
//!
//! With one executor everything runs in the plan's order. Tests that failed the last time are, where
//! that is asked for, parts and classes of their own, which go before all others.

mod locks;
#[cfg(all(feature = "cli", unix))]
mod order;
mod parts;

use std::collections::VecDeque;
use std::num::NonZeroUsize;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use self::locks::{LockSets, SetId};
#[cfg(all(feature = "cli", unix))]
pub(crate) use self::order::order;
use self::parts::{Class, Now};
use super::suite::Suite;
use crate::history::QUICK;

/// So many tests are handed out at once at most: enough to make handing out cost next to nothing.
pub(super) const AT_ONCE: usize = 256;

/// Nor is more handed out at once than this takes, as far as is known: what an executor has been
/// given no other one can take over.
const AT_ONCE_FOR: Duration = Duration::from_millis(20);

/// The parts of a run that are still to be handed out.
#[derive(Debug)]
pub(super) struct Schedule {
    state: Mutex<State>,
    /// Locks were released.
    released: Condvar,
}

#[derive(Debug)]
struct State {
    classes: Vec<Class>,
    /// What each executor is at.
    executors: Vec<Place>,
    locks: LockSets,
    /// Tests that were not handed out yet.
    left: usize,
    /// How long a test takes, as far as this run has shown.
    usual: Option<Duration>,
    /// At most so many tests at once.
    at_once: usize,
    /// Until it stops.
    failures_left: Option<usize>,
    /// Nobody would wait for a session fixture.
    session: bool,
    stopped: bool,
}

/// Where an executor stands.
#[derive(Debug, Default)]
struct Place {
    class: Option<usize>,
    /// The rest of its part.
    part: VecDeque<Ready>,
}

/// A test that is to be run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Ready {
    index: u32,
    locks: SetId,
    /// Recorded by earlier runs.
    expected: Option<Duration>,
}

/// How to hand out.
#[derive(Debug, Clone, Copy)]
pub(super) struct Manner {
    pub(super) executors: usize,
    /// The seed of a random order.
    pub(super) shuffle: Option<u64>,
    /// In the order of [`Known::place`], with one executor.
    pub(super) in_order: bool,
    /// How often each test runs, one time after the other.
    pub(super) repeat: u32,
    /// Hand out nothing more after so many failures; and one test at a time, so that none runs.
    pub(super) max_fail: Option<NonZeroUsize>,
    /// Session fixtures are set up meanwhile: what needs none goes first until
    /// [`Schedule::session_is_there`].
    pub(super) session_comes: bool,
}

/// What is known of a test beside its plan: what earlier runs tell, and the user.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Known {
    pub(super) expected: Option<Duration>,
    /// It goes before all that are not.
    pub(super) is_urgent: bool,
    /// Among all tests, where an order was asked for.
    pub(super) place: usize,
}

/// Tests that one executor runs now, in that order. Their locks are held as long as it lives.
#[derive(Debug)]
pub(super) struct Batch<'a> {
    pub(super) suite: usize,
    pub(super) tests: VecDeque<usize>,
    locks: SetId,
    schedule: &'a Schedule,
}

impl Schedule {
    /// For all tests of the suites that are to be run.
    pub(super) fn new(
        suites: &[Suite],
        manner: Manner,
        known: impl Fn(&Suite, usize) -> Known,
    ) -> Self {
        let mut locks = LockSets::default();
        let classes = parts::classes(suites, manner, &mut locks, known);
        Schedule {
            state: Mutex::new(State {
                left: classes.iter().map(Class::left).sum(),
                classes,
                executors: (0..manner.executors).map(|_| Place::default()).collect(),
                locks,
                usual: None,
                at_once: if manner.max_fail.is_some() {
                    1
                } else {
                    AT_ONCE
                },
                failures_left: manner.max_fail.map(usize::from),
                session: !manner.session_comes,
                stopped: false,
            }),
            released: Condvar::new(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What that executor shall run now; waits while everything that is left is locked.
    pub(super) fn next(&self, executor: usize) -> Option<Batch<'_>> {
        let mut state = self.state();
        loop {
            if state.stopped {
                return None;
            }
            match state.next(executor) {
                Next::Batch {
                    suite,
                    tests,
                    locks,
                } => {
                    state.left -= tests.len();
                    state.locks.hold(locks);
                    return Some(Batch {
                        suite,
                        tests,
                        locks,
                        schedule: self,
                    });
                }
                Next::Locked => {
                    state = self
                        .released
                        .wait(state)
                        .unwrap_or_else(PoisonError::into_inner);
                }
                Next::Nothing => return None,
            }
        }
    }

    /// Takes back tests that did not run because their executor's process is lost.
    pub(super) fn give_back(&self, executor: usize, tests: &VecDeque<usize>, locks: SetId) {
        let mut state = self.state();
        state.left += tests.len();
        for &index in tests.iter().rev() {
            let ready = Ready {
                index: index as u32,
                locks,
                expected: None,
            };
            state.executors[executor].part.push_front(ready);
        }
    }

    /// Nobody would wait for a session fixture any more.
    pub(super) fn session_is_there(&self) {
        self.state().session = true;
    }

    /// Takes note of a test that failed.
    pub(super) fn failed(&self) {
        let mut state = self.state();
        if let Some(left) = &mut state.failures_left {
            *left = left.saturating_sub(1);
            if *left == 0 {
                drop(state);
                self.stop();
            }
        }
    }

    /// Hands out nothing any more.
    pub(super) fn stop(&self) {
        self.state().stopped = true;
        self.released.notify_all();
    }

    /// Whether nothing is handed out any more.
    pub(super) fn is_stopped(&self) -> bool {
        self.state().stopped
    }

    /// Learns from a batch how long tests take.
    pub(super) fn took(&self, tests: usize, time: Duration) {
        let each = time / u32::try_from(tests).unwrap_or(u32::MAX).max(1);
        let mut state = self.state();
        state.usual = Some(state.usual.map_or(each, |usual| (usual * 3 + each) / 4));
    }
}

impl Batch<'_> {
    pub(super) fn locks(&self) -> SetId {
        self.locks
    }
}

impl Drop for Batch<'_> {
    fn drop(&mut self) {
        self.schedule.state().locks.release(self.locks);
        self.schedule.released.notify_all();
    }
}

enum Next {
    Batch {
        suite: usize,
        tests: VecDeque<usize>,
        locks: SetId,
    },
    /// Everything that is left waits for a lock.
    Locked,
    Nothing,
}

impl State {
    fn next(&mut self, executor: usize) -> Next {
        if self.executors[executor].part.is_empty() {
            let Some(class) = self.choose(executor) else {
                let is_empty = self.classes.iter().all(Class::is_empty);
                return if is_empty {
                    Next::Nothing
                } else {
                    Next::Locked
                };
            };
            self.move_to(executor, class);
            let part = {
                let now = Now {
                    locks: &self.locks,
                    session: self.session,
                };
                self.classes[class].take(now)
            };
            let part = part.expect("itest bug: a class was chosen that has nothing to run");
            self.executors[executor].part = part.into_tests();
        }
        let class = self.executors[executor].class;
        let class = class.expect("itest bug: an executor with a part and no class");
        let Some(locks) = self.start_within(executor) else {
            return Next::Locked;
        };
        let mut room = Room::new(self);
        let mut tests = VecDeque::new();
        let part = &mut self.executors[executor].part;
        while let Some(ready) = part.front()
            && ready.locks == locks
            && room.takes(ready.expected)
        {
            tests.push_back(ready.index as usize);
            part.pop_front();
        }
        if part.is_empty() {
            // Parts of one test need not be kept apart.
            let now = Now {
                locks: &self.locks,
                session: self.session,
            };
            self.classes[class].take_singles(locks, now, &mut room, &mut tests);
        }
        Next::Batch {
            suite: self.classes[class].suite,
            tests,
            locks,
        }
    }

    fn now(&self) -> Now<'_> {
        Now {
            locks: &self.locks,
            session: self.session,
        }
    }

    /// Puts a test to the front of the executor's part that can run now, if there is one.
    fn start_within(&mut self, executor: usize) -> Option<SetId> {
        let part = &mut self.executors[executor].part;
        let position = part
            .iter()
            .position(|ready| self.locks.is_free(ready.locks))?;
        let ready = part.remove(position)?;
        part.push_front(ready);
        Some(ready.locks)
    }

    /// The class that an executor without a part shall take one from.
    fn choose(&self, executor: usize) -> Option<usize> {
        let now = self.now();
        if self.executors.len() == 1 {
            return self.classes.iter().position(|class| class.has(now));
        }
        let own = self.executors[executor].class;
        if let Some(own) = own
            && self.classes[own].has(now)
            && !self.classes[own].is_alone(now)
            && !self.classes[own].waits(now)
            && (self.classes[own].is_urgent || !self.is_anything_urgent(now))
        {
            return Some(own);
        }
        let suite = own.map(|own| self.classes[own].suite);
        let free = self.classes.iter().enumerate();
        let free = free.filter(|(_, class)| class.has(now));
        // Where there is most to do for each executor; of two, the one whose binary runs already.
        let (best, _) = free.min_by_key(|(index, class)| {
            let share = class.left().div_ceil(class.executors + 1);
            (
                !class.is_urgent,
                class.is_alone(now),
                class.waits(now),
                std::cmp::Reverse(share),
                Some(class.suite) != suite,
                *index,
            )
        })?;
        Some(best)
    }

    fn is_anything_urgent(&self, now: Now<'_>) -> bool {
        let mut classes = self.classes.iter();
        classes.any(|class| class.is_urgent && class.has(now))
    }

    fn move_to(&mut self, executor: usize, class: usize) {
        if let Some(old) = self.executors[executor].class.replace(class) {
            self.classes[old].executors -= 1;
        }
        self.classes[class].executors += 1;
    }
}

/// How much more a batch takes.
struct Room {
    tests: usize,
    time: Duration,
    usual: Option<Duration>,
    is_first: bool,
}

impl Room {
    /// Towards the end it becomes less and less, so that no executor is left with much to do
    /// while the others have nothing.
    fn new(state: &State) -> Self {
        let share = state.left / (state.executors.len() * 2);
        Room {
            tests: share.clamp(1, state.at_once),
            time: AT_ONCE_FOR,
            usual: state.usual,
            is_first: true,
        }
    }

    fn takes(&mut self, expected: Option<Duration>) -> bool {
        let expected = match (expected, self.usual) {
            // Of a quick test no more is recorded than that.
            (Some(recorded), Some(usual)) if recorded < QUICK => Some(recorded.min(usual)),
            (recorded, usual) => recorded.or(usual),
        };
        if std::mem::take(&mut self.is_first) {
            self.tests -= 1;
            let known = expected.unwrap_or(AT_ONCE_FOR);
            self.time = self.time.saturating_sub(known);
            return true;
        }
        let Some(expected) = expected else {
            return false;
        };
        if self.tests == 0 || self.time.is_zero() || expected > self.time {
            return false;
        }
        self.tests -= 1;
        self.time -= expected;
        true
    }
}

#[cfg(test)]
mod tests;
