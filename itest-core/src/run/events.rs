//! [`Events`]: where stores and executors send what happens.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};

use crate::channel::Sender;
use crate::event::{BinaryId, Event, Record, TestName};
use crate::outcome::{Failure, Outcome};
use crate::run::executor::finished;
use crate::scope::Scope;

/// To the dispatcher, or to nobody where libtest reports.
#[derive(Clone)]
pub(crate) struct Events(Option<Arc<Source>>);

#[derive(Clone)]
struct Source {
    send: Send,
    clock: Clock,
    binary: BinaryId,
    worker: Option<u32>,
    run_id: Arc<str>,
    /// Somebody wants to know of tests' own fixtures.
    own_fixtures: bool,
    /// Nobody else tells that tests start.
    starts: bool,
    /// Whoever hears of it takes [`Message::PassedNow`].
    brief: bool,
    /// When the worker's last event was, in nanoseconds: clocks of processes differ a little.
    last: Arc<AtomicU64>,
}

type Send = Arc<dyn Fn(Message) + std::marker::Send + Sync>;

/// What reaches the dispatcher.
#[derive(Debug)]
pub(crate) enum Message {
    Event(Record),
    Passed(Passed),
    /// The test that whoever hears of it knows to be under way has passed, and there is nothing
    /// more to say.
    PassedNow {
        at: Duration,
        duration: Duration,
    },
    /// An executor has run its last test and torn down what it had.
    ExecutorDone,
    /// User code overran its time limit and cannot be cancelled.
    Hung {
        test: TestName,
        failure: Failure,
    },
}

/// Tests that passed in a worker, one after the other, the first of which is known to have started.
#[derive(Debug)]
pub(crate) struct Passed {
    binary: BinaryId,
    worker: Option<u32>,
    tests: Vec<PassedTest>,
    /// The test that started behind them.
    next: Option<TestName>,
}

/// There is nothing more to say of it.
#[derive(Debug)]
pub(crate) struct PassedTest {
    pub(crate) name: TestName,
    /// When it ended.
    pub(crate) at: Duration,
    pub(crate) duration: Duration,
    pub(crate) output: String,
}

impl Passed {
    /// What happened, in order; that tests started which have ended meanwhile only if `all_starts`.
    pub(crate) fn tell(self, all_starts: bool, mut tell: impl FnMut(Record)) {
        let record = |at, event| Record {
            at,
            binary: self.binary.clone(),
            worker: self.worker,
            event,
        };
        let mut next = self.next;
        let mut tests = self.tests.into_iter();
        let mut test = tests.next();
        while let Some(PassedTest {
            name,
            at,
            duration,
            output,
        }) = test
        {
            tell(record(
                at,
                finished(name, Outcome::Passed, duration, output),
            ));
            test = tests.next();
            let started = match &test {
                Some(following) if all_starts => Some(following.name.clone()),
                Some(_) => None,
                None => next.take(),
            };
            if let Some(test) = started {
                tell(record(at, Event::TestStarted { test }));
            }
        }
    }
}

/// The time of a run, the same in all of its processes but for jumps of the system's clock.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clock {
    /// When the run started.
    pub(crate) started: SystemTime,
    /// When this process joined it, by both clocks.
    joined: Instant,
    before: Duration,
}

impl Clock {
    /// Of a run that starts now.
    pub(crate) fn start() -> Self {
        Clock::join(SystemTime::now())
    }

    /// Of a run that started then.
    pub(crate) fn join(started: SystemTime) -> Self {
        Clock {
            started,
            joined: Instant::now(),
            before: started.elapsed().unwrap_or_default(),
        }
    }

    /// Since the start of the run.
    pub(crate) fn now(&self) -> Duration {
        self.before + self.joined.elapsed()
    }
}

impl Events {
    pub(crate) fn to(dispatcher: Sender<Message>, clock: Clock, binary: BinaryId) -> Self {
        let send = Arc::new(move |message| {
            // The dispatcher is gone only when the process is about to end.
            let _ = dispatcher.send(message);
        });
        Events::with(send, clock, binary)
    }

    pub(crate) fn with(send: Send, clock: Clock, binary: BinaryId) -> Self {
        Events(Some(Arc::new(Source {
            send,
            clock,
            binary,
            worker: None,
            run_id: "".into(),
            own_fixtures: true,
            starts: true,
            brief: false,
            last: Arc::default(),
        })))
    }

    pub(crate) fn nowhere() -> Self {
        Events(None)
    }

    /// The same, but for what is changed of them.
    fn but(mut self, change: impl FnOnce(&mut Source)) -> Self {
        if let Some(source) = &mut self.0 {
            change(Arc::make_mut(source));
        }
        self
    }

    /// The same in a run of that name.
    pub(crate) fn in_run(self, id: &str) -> Self {
        self.but(|source| source.run_id = id.into())
    }

    /// The same, with or without what becomes of tests' own fixtures.
    ///
    /// A test with three fixtures has thirteen events with them and one without.
    pub(crate) fn with_own_fixtures(self, own_fixtures: bool) -> Self {
        self.but(|source| source.own_fixtures = own_fixtures)
    }

    /// The same where somebody else tells that tests start; `brief` if it is enough to say that the
    /// one under way has passed.
    pub(crate) fn without_starts(self, brief: bool) -> Self {
        self.but(|source| {
            source.starts = false;
            source.brief = brief;
        })
    }

    /// Whether somebody wants to know of tests' own fixtures.
    pub(crate) fn has_own_fixtures(&self) -> bool {
        self.0.as_ref().is_some_and(|source| source.own_fixtures)
    }

    /// The name of the run, if this is one.
    pub(crate) fn run_id(&self) -> Option<&str> {
        self.0.as_ref().map(|source| &*source.run_id)
    }

    /// The same for what a worker does.
    pub(crate) fn of_worker(&self, worker: usize) -> Self {
        self.clone().of(u32::try_from(worker).ok())
    }

    /// The same for what a worker does, or somebody else.
    pub(crate) fn of(self, worker: Option<u32>) -> Self {
        self.but(|source| {
            source.worker = worker;
            source.last = Arc::default();
        })
    }

    /// The same for what happens in that binary's processes.
    pub(crate) fn of_binary(&self, binary: &BinaryId) -> Self {
        self.clone().but(|source| source.binary = binary.clone())
    }

    /// Tells what happens now.
    pub(crate) fn send(&self, event: impl FnOnce() -> Event) {
        if let Some(source) = &self.0 {
            source.send(source.clock.now(), event());
        }
    }

    /// Tells that a test starts now.
    pub(crate) fn send_start(&self, event: impl FnOnce() -> Event) {
        if self.0.as_ref().is_some_and(|source| source.starts) {
            self.send(event);
        }
    }

    /// Tells that a test's body starts now.
    pub(crate) fn send_call(&self, event: impl FnOnce() -> Event) {
        // Where it is told that a test starts, this costs nothing more; elsewhere it is told to
        // whoever wants to know of its parts.
        if self
            .0
            .as_ref()
            .is_some_and(|source| source.starts || source.own_fixtures)
        {
            self.send(event);
        }
    }

    /// Tells what happens now to a fixture of that scope.
    pub(crate) fn send_of_fixture(&self, scope: Scope, event: impl FnOnce() -> Event) {
        if scope > Scope::Test || self.has_own_fixtures() {
            self.send(event);
        }
    }

    /// Tells what has happened, in another process for instance.
    pub(crate) fn send_at(&self, at: Duration, event: impl FnOnce() -> Event) {
        if let Some(source) = &self.0 {
            source.send(at, event());
        }
    }

    /// Tells that the test under way has passed now, and nothing more; or that there is more to be
    /// told of it than that.
    pub(crate) fn send_passed_now(&self, duration: Duration) -> bool {
        match &self.0 {
            Some(source) if source.brief => {
                let at = source.not_before_last(source.clock.now());
                (source.send)(Message::PassedNow { at, duration });
                true
            }
            _ => false,
        }
    }

    /// Tells that tests passed; `next` started behind them.
    pub(crate) fn send_passed(&self, mut tests: Vec<PassedTest>, next: Option<TestName>) {
        let Some(source) = &self.0 else {
            return;
        };
        for test in &mut tests {
            test.at = source.not_before_last(test.at);
        }
        (source.send)(Message::Passed(Passed {
            binary: source.binary.clone(),
            worker: source.worker,
            tests,
            next,
        }));
    }

    /// The number of the worker in which this happens.
    pub(crate) fn worker(&self) -> Option<u32> {
        self.0.as_ref().and_then(|source| source.worker)
    }

    /// The time of the run.
    pub(crate) fn now(&self) -> Duration {
        self.0.as_ref().map_or(Duration::ZERO, |to| to.clock.now())
    }
}

impl Source {
    fn send(&self, at: Duration, event: Event) {
        (self.send)(Message::Event(self.record(at, event)));
    }

    fn record(&self, at: Duration, event: Event) -> Record {
        let at = match self.worker {
            Some(_) => self.not_before_last(at),
            None => at,
        };
        Record {
            at,
            binary: self.binary.clone(),
            worker: self.worker,
            event,
        }
    }

    /// No event of a worker is before one that came earlier.
    fn not_before_last(&self, at: Duration) -> Duration {
        let nanos = u64::try_from(at.as_nanos()).unwrap_or(u64::MAX);
        let last = self.last.fetch_max(nanos, Ordering::Relaxed);
        at.max(Duration::from_nanos(last))
    }
}

impl fmt::Debug for Events {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Events")
    }
}

/// What to do about user code that overran its limit and does not yield.
pub(crate) type OnHung = Arc<dyn Fn(&TestName, Failure) + std::marker::Send + Sync>;
