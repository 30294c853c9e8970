//! [`Watch`]: finds what a test leaves behind.
//!
//! It compares what the process has before a test with what it has when the test's own fixtures
//! are torn down. That is exact where one test runs at a time, and not done elsewhere. What itest
//! and the setup of wide fixtures open meanwhile does not count; see [`ours`] and [`wide`].
//!
//! A fixture that outlives the test may open a connection, or spawn a task, in the middle of the
//! test. As long as one is alive in this process, new descriptors and tasks are only noted, and
//! told when no such fixture is left that could have closed them.
//!
//! Nothing is put back: that would hide from the tests behind it what they must cope with.

#[cfg_attr(target_os = "linux", path = "linux.rs")]
#[cfg_attr(not(target_os = "linux"), path = "elsewhere.rs")]
mod process;
mod state;

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use self::state::{Found, State};
use super::{interrupt, runtime};
use crate::cli::{Args, Leaks, Level};
use crate::event::{Event, Leak, LeakKind, TestName};
use crate::outcome::{Failure, FailureKind};
use crate::plan::PlannedTest;

/// Whether anything is watched in this process.
static ON: AtomicBool = AtomicBool::new(false);

/// How many fixtures are alive here that outlive a test.
static WIDE: AtomicUsize = AtomicUsize::new(0);

/// How many have ended.
static ENDED: AtomicUsize = AtomicUsize::new(0);

/// What was opened since the test began that is not the test's.
static OURS: Mutex<State> = Mutex::new(State::NOTHING);

/// Whether that is anything.
static IS_OURS: AtomicBool = AtomicBool::new(false);

fn lock_ours() -> MutexGuard<'static, State> {
    OURS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Opens something of our own, which no test must answer for.
pub(crate) fn ours<T>(open: impl FnOnce() -> T) -> T {
    if !ON.load(Ordering::Relaxed) {
        return open();
    }
    let before = State::now();
    let opened = open();
    change_ours(|ours| ours.take_over(&before, &State::now()));
    opened
}

fn change_ours(change: impl FnOnce(&mut State)) {
    let mut ours = lock_ours();
    change(&mut ours);
    IS_OURS.store(!ours.is_nothing(), Ordering::Relaxed);
}

/// Sets up a fixture that outlives the test; see [`WideEnds`].
pub(crate) fn wide<T>(set_up: impl FnOnce() -> T) -> T {
    WIDE.fetch_add(1, Ordering::Relaxed);
    let before = runtime::tasks();
    let made = ours(set_up);
    let tasks = runtime::tasks().saturating_sub(before);
    change_ours(|ours| ours.tasks += tasks);
    made
}

/// Tells, when dropped, that a fixture that was set up so is torn down.
#[derive(Debug, Default)]
pub(crate) struct WideEnds(());

impl Drop for WideEnds {
    fn drop(&mut self) {
        ENDED.fetch_add(1, Ordering::Relaxed);
        WIDE.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Watches the tests of one executor.
#[derive(Debug, Default)]
pub(crate) struct Watch {
    /// `None` where nothing is watched.
    rules: Option<Rules>,
    /// Before the test under way, or after the last one, if nothing has changed since.
    known: Option<State>,
    levels: Option<Leaks>,
    /// How many wide fixtures had ended then.
    ended: usize,
    /// Tasks when no wide fixture was alive.
    quiet_tasks: usize,
    late: Vec<Noted>,
}

#[derive(Debug)]
enum Rules {
    /// For all tests.
    Same(Leaks),
    ByTest(Box<Args>),
}

/// What may be a leak of the test, or belong to a wide fixture.
#[derive(Debug)]
struct Noted {
    test: TestName,
    place: String,
    levels: Leaks,
    found: Found,
}

/// What a test left behind.
#[derive(Debug, Default)]
pub(crate) struct Leaked {
    pub(crate) warned: Vec<Leak>,
    pub(crate) denied: Vec<Leak>,
}

impl Leaked {
    fn new(leaks: Vec<Leak>, levels: &Leaks) -> Self {
        let (denied, warned) =
            (leaks.into_iter()).partition(|leak| levels.of(leak.kind) == Level::Deny);
        Leaked { warned, denied }
    }
}

impl Watch {
    /// `alone` says whether no other test runs in this process at the same time.
    pub(crate) fn new(args: &Args, alone: bool) -> Self {
        let rules = if args.overrides.iter().any(|it| it.leaks.is_some()) {
            Rules::ByTest(Box::new(args.clone()))
        } else {
            Rules::Same(args.leaks("", &[]))
        };
        let is_off = matches!(rules, Rules::Same(Leaks::OFF));
        if !alone || is_off || cfg!(miri) {
            return Watch::default();
        }
        ON.store(true, Ordering::Relaxed);
        // What these open stays open, and must be there before the first test.
        process::count_our_threads();
        process::count_descriptors();
        Watch {
            rules: Some(rules),
            ..Watch::default()
        }
    }

    /// A test begins; what does not belong to it is torn down.
    pub(crate) fn begin(&mut self, test: &PlannedTest) {
        self.levels = match &self.rules {
            None => return,
            Some(Rules::Same(leaks)) => Some(*leaks),
            Some(Rules::ByTest(args)) => Some(args.leaks(&test.name, &test.markers)),
        };
        self.levels = self.levels.filter(Leaks::is_on);
        if self.levels.is_none() {
            self.known = None;
            return;
        }
        let ended = ENDED.load(Ordering::Relaxed);
        if IS_OURS.load(Ordering::Relaxed) || ended != self.ended {
            change_ours(|ours| *ours = State::NOTHING);
            self.known = None;
        }
        self.ended = ended;
        // Nothing of the user's runs between two tests, unless a wide fixture ends.
        self.known.get_or_insert_with(State::now);
        if WIDE.load(Ordering::Relaxed) == 0 {
            self.quiet_tasks = runtime::tasks();
        }
    }

    /// The test and its own fixtures' teardown have ended.
    pub(crate) fn end(&mut self, test: &PlannedTest) -> Leaked {
        if let (Some(known), Some(levels)) = (&self.known, &self.levels)
            && !IS_OURS.load(Ordering::Relaxed)
            && known.is_unchanged(levels)
        {
            return Leaked::default();
        }
        let (Some(mut before), Some(levels)) = (self.known.take(), self.levels) else {
            return Leaked::default();
        };
        // A test that was cancelled could not clean up.
        if interrupt::interrupted().is_some() {
            return Leaked::default();
        }
        let (mut found, is_same) = before.compare(&lock_ours(), &levels);
        if found.is_empty() {
            // Some things may have changed places.
            self.known = is_same.then_some(before);
            return Leaked::default();
        }
        let mut late = Found::default();
        if WIDE.load(Ordering::Relaxed) > 0 {
            late.take_ambiguous(&mut found);
            late.wait_a_little();
        }
        found.wait();
        if !late.is_empty() {
            self.late.push(Noted {
                test: test.name.clone(),
                place: test.def.location.to_string(),
                levels,
                found: late,
            });
        }
        Leaked::new(found.leaks(), &levels)
    }

    /// What turns out to be leaked once no wide fixture is left; for after the teardown of some.
    pub(crate) fn late(&mut self) -> Vec<Event> {
        if self.late.is_empty() || WIDE.load(Ordering::Relaxed) > 0 {
            return Vec::new();
        }
        let mut noted = std::mem::take(&mut self.late);
        let mut suspects: Vec<&mut Noted> =
            noted.iter_mut().filter(|it| it.found.has_tasks()).collect();
        if let Some(last) = suspects.pop() {
            let others = suspects.into_iter().map(|other| {
                other.found.forget_tasks();
                other.test.clone()
            });
            last.found
                .answer_for_tasks(self.quiet_tasks, others.collect());
        }
        let mut events = Vec::new();
        for noted in &mut noted {
            noted.found.wait();
            events.append(&mut noted.events());
        }
        events
    }
}

impl Noted {
    fn events(&self) -> Vec<Event> {
        let Leaked { warned, denied } = Leaked::new(self.found.leaks(), &self.levels);
        let mut events = Vec::new();
        if !warned.is_empty() {
            events.push(Event::TestLeaked {
                test: self.test.clone(),
                leaks: warned,
            });
        }
        if !denied.is_empty() {
            let mut failure = failure(&self.place, &denied);
            failure.message = format!("test `{}`: {}", self.test, failure.message);
            events.push(Event::ProcessFailed {
                failure,
                output: String::new(),
            });
        }
        events
    }
}

/// Why a test fails that left this behind.
pub(crate) fn failure(place: &str, leaks: &[Leak]) -> Failure {
    let mut failure = Failure::new(FailureKind::Expectation, told(leaks));
    failure.location = Some(place.to_owned());
    failure
}

/// In words, and what to do about it.
pub(crate) fn told(leaks: &[Leak]) -> String {
    let mut text = "left behind by the test:".to_owned();
    for leak in leaks {
        text += &format!("\n  {}", leak.what);
    }
    let mut kinds: Vec<LeakKind> = leaks.iter().map(|leak| leak.kind).collect();
    kinds.dedup();
    for kind in kinds {
        text += &format!("\n  = help: {}", help(kind));
    }
    text
}

fn help(kind: LeakKind) -> &'static str {
    match kind {
        LeakKind::Cwd => "change back, or use absolute paths and `Command::current_dir`",
        LeakKind::Env => "the fixture `env` sets variables and puts them back",
        LeakKind::Fds => "drop what has it open, or let a fixture of a wider scope own it",
        LeakKind::Children => "`kill` it and `wait` for it, or start it with `request.spawn`",
        LeakKind::Tasks => "await or abort it, or let a fixture of a wider scope spawn it",
    }
}
