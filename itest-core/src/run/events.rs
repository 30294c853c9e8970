//! [`Events`]: where stores and executors send what happens.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};

use crate::channel::Sender;
use crate::event::{BinaryId, Event, Record, TestName};
use crate::outcome::Failure;
use crate::scope::Scope;

/// To the dispatcher, or to nobody where libtest reports.
#[derive(Clone)]
pub(crate) struct Events(Option<Source>);

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
    /// When the worker's last event was, in nanoseconds: clocks of processes differ a little.
    last: Arc<AtomicU64>,
}

type Send = Arc<dyn Fn(Message) + std::marker::Send + Sync>;

/// What reaches the dispatcher.
#[derive(Debug)]
pub(crate) enum Message {
    Event(Record),
    /// Several at once, in order.
    Events(Vec<Record>),
    /// An executor has run its last test and torn down what it had.
    ExecutorDone,
    /// User code overran its time limit and cannot be cancelled.
    Hung {
        test: TestName,
        failure: Failure,
    },
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
        Events(Some(Source {
            send,
            clock,
            binary,
            worker: None,
            run_id: "".into(),
            own_fixtures: true,
            starts: true,
            last: Arc::default(),
        }))
    }

    pub(crate) fn nowhere() -> Self {
        Events(None)
    }

    /// The same in a run of that name.
    pub(crate) fn in_run(mut self, id: &str) -> Self {
        if let Some(source) = &mut self.0 {
            source.run_id = id.into();
        }
        self
    }

    /// The same, with or without what becomes of tests' own fixtures.
    ///
    /// A test with three fixtures has thirteen events with them and one without.
    pub(crate) fn with_own_fixtures(mut self, own_fixtures: bool) -> Self {
        if let Some(source) = &mut self.0 {
            source.own_fixtures = own_fixtures;
        }
        self
    }

    /// The same where somebody else tells that tests start.
    pub(crate) fn without_starts(mut self) -> Self {
        if let Some(source) = &mut self.0 {
            source.starts = false;
        }
        self
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
    pub(crate) fn of(mut self, worker: Option<u32>) -> Self {
        if let Some(source) = &mut self.0 {
            source.worker = worker;
            source.last = Arc::default();
        }
        self
    }

    /// The same for what happens in that binary's processes.
    pub(crate) fn of_binary(&self, binary: &BinaryId) -> Self {
        let mut events = self.clone();
        if let Some(source) = &mut events.0 {
            source.binary = binary.clone();
        }
        events
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

    /// Tells several things that have happened, in order.
    pub(crate) fn send_all(&self, events: Vec<(Duration, Event)>) {
        if let Some(source) = &self.0
            && !events.is_empty()
        {
            let records = events.into_iter();
            let records = records.map(|(at, event)| source.record(at, event));
            (source.send)(Message::Events(records.collect()));
        }
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
