//! [`Fixtures`]: the session fixtures of a host, each on a thread of its own.
//!
//! A session value reaches its users as JSON, so nothing ties two session fixtures to one thread:
//! independent ones are set up at the same time, and one that hangs keeps no other waiting. Each
//! thread has a store with one instance; what that builds on comes from the other threads, or from
//! an earlier host of the run.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use super::doing::Doing;
use super::hosts::Hosts;
use super::log::Log;
use super::news::Publisher;
use super::protocol::{Fetch, Reply, Request, TeardownError, Wanted};
use super::{Offer, offers};
use crate::channel::{self, Receiver, Sender};
use crate::event::{Event, FixtureName, TestName};
use crate::outcome::{Failure, FailureKind, FixtureError};
use crate::plan::{NodeId, Plan};
use crate::run::events::{Clock, Events, Message};
use crate::run::host::fetch;
use crate::run::interrupt;
use crate::run::store::{Fetched, Holds, SessionValue, SetupStop, Shared, Store, Upstream};
use crate::run::watchdog::GRACE;
use crate::thread;

type Answer = Result<SessionValue, SetupStop>;

/// See the [module](self).
pub(super) struct Fixtures {
    plan: Arc<Plan>,
    slots: Vec<Slot>,
    /// The number of this host, which asks only those before it.
    host: usize,
    hosts: Hosts,
    log: Log,
    doing: Doing,
    publisher: Arc<Publisher>,
    /// Indices of slots, in the order in which their setups started.
    order: Mutex<Vec<usize>>,
    /// No setup starts any more.
    ended: AtomicBool,
}

/// The place of one fixture.
struct Slot {
    offer: Offer,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    stage: Stage,
    /// Tells its thread to tear down.
    end: Option<Sender<()>>,
    /// What a failed setup printed, for whoever is told first.
    output: String,
    told: bool,
    /// The setup or teardown that is under way.
    under_way: Option<FixtureName>,
    /// It hangs: nobody hears of its thread any more.
    given_up: bool,
    /// What went wrong in the teardown.
    errors: Vec<TeardownError>,
    /// Its thread has ended, or is given up.
    done: bool,
}

#[derive(Default)]
enum Stage {
    #[default]
    NotStarted,
    SettingUp,
    Ready(Answer),
}

impl Fixtures {
    pub(super) fn new(
        plan: Arc<Plan>,
        host: usize,
        hosts: Hosts,
        log: Log,
        doing: Doing,
        publisher: Arc<Publisher>,
    ) -> Self {
        let offers = offers(&plan);
        Fixtures {
            slots: offers.into_iter().map(Slot::new).collect(),
            plan,
            host,
            hosts,
            log,
            doing,
            publisher,
            order: Mutex::default(),
            ended: AtomicBool::new(false),
        }
    }

    /// The identities of what can be had here.
    pub(super) fn identities(&self) -> impl Iterator<Item = &str> {
        self.slots.iter().map(|slot| &*slot.offer.fixture)
    }

    fn index(&self, is_it: impl Fn(&Offer) -> bool) -> Option<usize> {
        self.slots.iter().position(|slot| is_it(&slot.offer))
    }

    fn wanted(&self, wanted: &Wanted) -> Option<usize> {
        self.index(|offer| offer.fixture == wanted.fixture)
    }

    /// The value of a fixture, or why there is none; `None` for what is not here.
    pub(super) fn fetch(self: &Arc<Self>, wanted: &Wanted) -> Option<Fetch> {
        let index = self.wanted(wanted)?;
        Some(self.wait(index, self.test(index, &wanted.test)))
    }

    /// Sets up all of them, and waits until that is over.
    pub(super) fn prefetch(self: &Arc<Self>, all: &[Wanted]) {
        let known = all.iter().filter_map(|wanted| {
            let index = self.wanted(wanted)?;
            self.start(index, self.test(index, &wanted.test));
            Some(index)
        });
        let started: Vec<usize> = known.collect();
        for index in started {
            let slot = &self.slots[index];
            let mut state = slot.lock();
            while !matches!(state.stage, Stage::Ready(_)) {
                state = slot.wait(state);
            }
        }
    }

    /// The test of that name in this binary's plan, if it needs the fixture, or one that does.
    fn test(&self, index: usize, name: &str) -> usize {
        let offer = &self.slots[index].offer;
        let mut tests = self.plan.tests.iter();
        tests
            .position(|test| *test.name == *name)
            .filter(|test| {
                let reach = self.plan.reach(&self.plan.tests[*test]);
                reach.contains(&offer.node)
            })
            .unwrap_or(offer.test)
    }

    /// Starts the setup unless it has been.
    fn start(self: &Arc<Self>, index: usize, test: usize) {
        let slot = &self.slots[index];
        let mut state = slot.lock();
        if !matches!(state.stage, Stage::NotStarted) {
            return;
        }
        if self.ended.load(Ordering::Acquire) {
            state.stage = Stage::Ready(Err(SetupStop::Skipped {
                name: String::new(),
                reason: "the run has ended".to_owned(),
                place: Box::new(self.error(index, Vec::new())),
            }));
            return;
        }
        let (end, ends) = channel::channel();
        state.stage = Stage::SettingUp;
        state.end = Some(end);
        drop(state);
        let fixtures = self.clone();
        let life = move || fixtures.live(index, test, &ends);
        let name = self.plan.node(slot.offer.node).def.name;
        if let Err(error) = thread::spawn(&format!("itest-fixture-{name}"), Box::new(life)) {
            let what = format!("no thread could be started for it: {error}");
            let stop = self.error(index, vec![Failure::new(FailureKind::Crash, what)]);
            slot.settle(Err(SetupStop::Failed(stop)), "");
        }
    }

    /// Waits for the value.
    fn wait(self: &Arc<Self>, index: usize, test: usize) -> Fetch {
        self.start(index, test);
        let slot = &self.slots[index];
        let mut state = slot.lock();
        loop {
            if let Stage::Ready(answer) = &state.stage {
                let mut answer = answer.clone();
                let told = std::mem::replace(&mut state.told, true);
                let mut output = String::new();
                if told {
                    answer = answer.map_err(SetupStop::remembered);
                } else if answer.is_err() {
                    output = std::mem::take(&mut state.output);
                }
                return Fetch { answer, output };
            }
            state = slot.wait(state);
        }
    }

    /// The life of a fixture's thread.
    fn live(self: Arc<Self>, index: usize, test: usize, ends: &Receiver<()>) {
        let _done = Done(&self, index);
        let slot = &self.slots[index];
        let node = slot.offer.node;
        if let Some(fetch) = self.of_earlier_host(index, test) {
            slot.settle(fetch.answer, &fetch.output);
            return;
        }
        let (sending, hung) = (self.clone(), self.clone());
        let shared = Shared {
            plan: self.plan.clone(),
            // The owner of the run knows the time and the binary.
            events: Events::with(
                Arc::new(move |message| {
                    if let Message::Event(record) = message {
                        sending.publish(index, record.event);
                    }
                }),
                Clock::start(),
                "".into(),
            )
            .in_run(self.hosts.run.id()),
            on_hung: Arc::new(move |_: &TestName, failure| hung.give_up(index, failure)),
        };
        let siblings = Arc::new(Siblings {
            fixtures: self.clone(),
            user: index,
        });
        let mut store = Store::new(shared, Holds::Fixture(node), Some(siblings));
        let answer = fetch(&mut store, node, test).map(session_value);
        // If it has been given up meanwhile, it is torn down at once, and nobody hears of it.
        if slot.settle(answer, "") {
            // The sender is kept until then.
            let _ = ends.recv();
        }
        store.leave(None);
    }

    fn of_earlier_host(&self, index: usize, test: usize) -> Option<Fetch> {
        let fixture = &self.slots[index].offer.fixture;
        let host = match self.hosts.earlier_host_for(fixture, self.host) {
            Ok(host) => host?,
            Err(_) => return None,
        };
        let request = Request::Fetch(Wanted {
            fixture: fixture.clone(),
            test: self.plan.tests[test].name.to_string(),
        });
        let why = match self.hosts.ask(host, &request) {
            Ok(Some(Reply::Fetched(fetch))) => return Some(fetch),
            Ok(None) => "interrupted".to_owned(),
            Ok(Some(_)) => "it answered something else".to_owned(),
            Err(error) => error.to_string(),
        };
        let mut failure = Failure::new(
            FailureKind::Crash,
            "the session host that another test binary has started died",
        );
        failure.causes.push(why);
        Some(Fetch {
            answer: Err(SetupStop::Failed(self.error(index, vec![failure]))),
            output: String::new(),
        })
    }

    /// An event of a fixture's own thread.
    fn publish(&self, index: usize, mut event: Event) {
        let slot = &self.slots[index];
        let mut state = slot.lock();
        if state.given_up {
            return;
        }
        match &mut event {
            Event::SetupStarted { fixture } => {
                state.under_way = Some(fixture.clone());
                self.order().push(index);
                self.doing.start(index, "setup", fixture);
                self.log.start(index, &fixture.path);
            }
            Event::SetupFinished { output, .. } => {
                state.under_way = None;
                self.doing.end(index);
                *output = self.log.end(index);
                state.output.push_str(output);
            }
            Event::TeardownStarted { fixture } => {
                state.under_way = Some(fixture.clone());
                self.doing.start(index, "teardown", fixture);
                self.log.start(index, &fixture.path);
            }
            Event::TeardownFinished { error, output, .. } => {
                state.under_way = None;
                self.doing.end(index);
                *output = self.log.end(index);
                if let Some(error) = error {
                    let (error, output) = (error.clone(), output.clone());
                    state.errors.push(TeardownError { error, output });
                }
            }
            _ => {}
        }
        // Nobody else takes this lock for long: events of other fixtures have their own.
        self.publisher.send(event);
    }

    /// A fixture overran its limit and does not yield: its thread is left alone.
    fn give_up(&self, index: usize, failure: Failure) {
        let slot = &self.slots[index];
        let mut state = slot.lock();
        let Some(fixture) = state.under_way.take() else {
            return;
        };
        state.given_up = true;
        self.doing.end(index);
        let output = self.log.end(index);
        let error = self.error(index, vec![failure]);
        // Not measured: the watchdog came when that was over.
        let duration = self.plan.node(slot.offer.node).def.timeout;
        let duration = duration.unwrap_or_default();
        if matches!(state.stage, Stage::SettingUp) {
            self.publisher.send(Event::SetupFinished {
                fixture,
                error: Some(error.clone()),
                skipped: None,
                duration,
                output: output.clone(),
            });
            state.output.push_str(&output);
            state.stage = Stage::Ready(Err(SetupStop::Failed(error)));
        } else {
            self.publisher.send(Event::TeardownFinished {
                fixture,
                error: Some(error.clone()),
                duration,
                output: output.clone(),
            });
            state.errors.push(TeardownError { error, output });
            state.done = true;
        }
        slot.changed.notify_all();
    }

    fn order(&self) -> MutexGuard<'_, Vec<usize>> {
        self.order.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tears down everything, in the reverse order of setup; gives what went wrong.
    pub(super) fn end(&self) -> Vec<TeardownError> {
        self.ended.store(true, Ordering::Release);
        self.end_setups();
        let order = std::mem::take(&mut *self.order());
        let mut errors = Vec::new();
        for index in order.into_iter().rev() {
            errors.extend(self.tear_down(index));
        }
        errors
    }

    /// Cancels the setups that are under way, and gives up those that do not yield.
    fn end_setups(&self) {
        let under_way = |slot: &&Slot| matches!(slot.lock().stage, Stage::SettingUp);
        if !self.slots.iter().any(|slot| under_way(&slot)) {
            return;
        }
        interrupt::interrupt(libc::SIGTERM);
        let deadline = Instant::now() + GRACE;
        for (index, slot) in self.slots.iter().enumerate() {
            if !slot.wait_until_ready(deadline) {
                let what = "its setup was still under way when the run ended, and does not yield";
                self.give_up(index, Failure::new(FailureKind::Interrupted, what));
            }
        }
    }

    fn tear_down(&self, index: usize) -> Vec<TeardownError> {
        let slot = &self.slots[index];
        let mut state = slot.lock();
        // One that was given up in its setup cannot be told.
        if let (Some(end), false) = (state.end.take(), state.given_up) {
            let _ = end.send(());
            while !state.done {
                state = slot.wait(state);
            }
        }
        std::mem::take(&mut state.errors)
    }

    fn error(&self, index: usize, failures: Vec<Failure>) -> FixtureError {
        let Offer { node, test, .. } = self.slots[index].offer;
        let node = self.plan.node(node);
        FixtureError {
            fixture: node.path(self.plan.tests[test].def),
            location: node.def.location.to_string(),
            chain: Vec::new(),
            remembered: false,
            failures,
        }
    }
}

impl Slot {
    fn new(offer: Offer) -> Self {
        Slot {
            offer,
            state: Mutex::default(),
            changed: Condvar::new(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'a>(&self, state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        let state = self.changed.wait(state);
        state.unwrap_or_else(PoisonError::into_inner)
    }

    /// The setup has ended; `false` if it had been given up.
    fn settle(&self, answer: Answer, output: &str) -> bool {
        let mut state = self.lock();
        if state.given_up {
            return false;
        }
        state.stage = Stage::Ready(answer);
        state.output.push_str(output);
        self.changed.notify_all();
        true
    }

    /// Whether no setup is under way any more at that time.
    fn wait_until_ready(&self, deadline: Instant) -> bool {
        let mut state = self.lock();
        while matches!(state.stage, Stage::SettingUp) {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            let waited = self.changed.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        true
    }
}

/// Tells that a fixture's thread has ended, also if it panics, which is a bug.
struct Done<'a>(&'a Fixtures, usize);

impl Drop for Done<'_> {
    fn drop(&mut self) {
        let Done(fixtures, index) = *self;
        let slot = &fixtures.slots[index];
        let mut state = slot.lock();
        if matches!(state.stage, Stage::SettingUp) {
            let failure = Failure::new(FailureKind::Crash, "itest bug: its thread panicked");
            state.stage =
                Stage::Ready(Err(SetupStop::Failed(fixtures.error(index, vec![failure]))));
        }
        state.done = true;
        slot.changed.notify_all();
    }
}

/// What a fixture builds on is on other threads.
struct Siblings {
    fixtures: Arc<Fixtures>,
    user: usize,
}

impl Upstream for Siblings {
    fn fetch(&self, node: NodeId, test: usize) -> Result<Fetched, SetupStop> {
        let index = self.fixtures.index(|offer| offer.node == node);
        let index = index.expect("itest bug: a session fixture builds on a narrower one");
        let Fetch { answer, output } = self.fixtures.wait(index, test);
        if !output.is_empty() {
            // Whoever hears of the failure through us hears that too.
            self.fixtures.slots[self.user]
                .lock()
                .output
                .push_str(&output);
        }
        answer.map(Fetched::Session)
    }
}

fn session_value(fetched: Fetched) -> SessionValue {
    match fetched {
        Fetched::Session(value) => value,
        Fetched::Cell(_) => panic!("itest bug: a session value has no JSON"),
    }
}
