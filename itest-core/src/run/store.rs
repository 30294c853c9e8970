//! [`Store`]: the live fixtures of one thread, from setup to teardown.
//!
//! An executor's store holds what lives in its worker; wider values come from upstream. The store
//! follows the plan: it never looks anything up and never reports, it sends events.

use std::future::poll_fn;
use std::sync::{Arc, RwLock};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use super::events::{Events, OnHung};
use super::leaks;
use super::named::Named;
use super::note::{self, Phase};
use super::panic::Stop;
use super::runtime::{On, timed_out};
use super::watchdog::{GRACE, WatchGuard, watch};
use crate::builtin::{self, Request};
use crate::chosen::Chosen;
use crate::def::{Access, FixtureBody, FixtureDef, LocalFuture, ParamDef};
use crate::event::{Event, TestName};
use crate::outcome::{Failure, FailureKind, FixtureError};
use crate::plan::{Dep, Key, NodeId, Plan, PlannedTest};
use crate::sort;
use crate::value::{Arg, Args, Cell, Slot, Value};

/// Why a fixture has no value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum SetupStop {
    Failed(FixtureError),
    Skipped {
        /// The name that `--require` knows.
        name: String,
        reason: String,
        /// What it is if it must not be skipped, but for the failure.
        place: Box<FixtureError>,
    },
    Xfailed(String),
}

/// A value from upstream.
#[derive(Debug)]
pub(crate) enum Fetched {
    /// Of a session fixture.
    Session(SessionValue),
    /// Of another fixture of this process.
    Cell(SharedCell),
}

/// What a session fixture gives to every process of the run.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct SessionValue {
    /// The value as JSON.
    pub(crate) json: Arc<str>,
    /// Variables of the environment that it, or what it builds on, exports.
    pub(crate) exports: Vec<(String, String)>,
}

/// The part of [`Cell`] that can change threads.
pub(crate) type SharedCell = Arc<RwLock<Option<Box<dyn std::any::Any + Send + Sync>>>>;

/// Where a store gets the values from that it does not hold itself.
pub(crate) trait Upstream: Send + Sync {
    /// Why a session value that was given before is none any more: its host died.
    fn is_lost(&self, _node: NodeId, _test: usize) -> Option<SetupStop> {
        None
    }

    /// Waits for the value of `node` as the test of that index needs it.
    fn fetch(&self, node: NodeId, test: usize) -> Result<Fetched, SetupStop>;
}

/// Which instances a store sets up itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Holds {
    /// All but session values: an executor.
    Worker,
    /// Group, module and worker values of all tests: a drop-in process.
    Process,
    /// Those of one test: a drop-in test.
    Test,
    /// Session values.
    Session,
    /// The value of one session fixture.
    #[cfg(unix)]
    Fixture(NodeId),
}

impl Holds {
    fn instance(self, key: Key, node: NodeId) -> bool {
        #[cfg(not(unix))]
        let _ = node;
        match self {
            Holds::Worker => key != Key::Session,
            Holds::Process => key != Key::Session && key != Key::Test,
            Holds::Test => key == Key::Test,
            Holds::Session => key == Key::Session,
            #[cfg(unix)]
            Holds::Fixture(fixture) => node == fixture,
        }
    }
}

/// The test on whose behalf something is set up.
#[derive(Clone, Copy)]
pub(crate) struct For<'a> {
    pub(crate) test: &'a PlannedTest,
    pub(crate) index: usize,
    /// From 1.
    pub(crate) attempt: u32,
    /// Where its own fixtures run.
    pub(crate) on: On<'a>,
}

/// What every store of a process shares.
#[derive(Clone)]
pub(crate) struct Shared {
    pub(crate) plan: Arc<Plan>,
    pub(crate) events: Events,
    pub(crate) on_hung: OnHung,
}

/// The live fixtures of one thread.
pub(crate) struct Store {
    shared: Shared,
    holds: Holds,
    upstream: Option<Arc<dyn Upstream>>,
    /// In the order of setup.
    live: Vec<Instance>,
}

struct Instance {
    node: NodeId,
    key: Key,
    name: Named,
    /// What users borrow.
    outcome: Result<Cell, SetupStop>,
    /// A session value as others get it; only where session values are held.
    session: Option<SessionValue>,
    life: Life,
    /// Has its finalizers; `None` for what came from upstream.
    request: Option<Request>,
}

/// What there is to tear down.
enum Life {
    Nothing,
    Value(Cell),
    Suspended(LocalFuture<Result<(), Failure>>, Slot),
}

impl Store {
    pub(crate) fn new(shared: Shared, holds: Holds, upstream: Option<Arc<dyn Upstream>>) -> Self {
        Store {
            shared,
            holds,
            upstream,
            live: Vec::new(),
        }
    }

    /// From now on, tests are those of that plan; nothing is alive yet.
    #[cfg(unix)]
    pub(crate) fn follow(&mut self, plan: Arc<Plan>, upstream: Arc<dyn Upstream>) {
        self.shared.plan = plan;
        self.upstream = Some(upstream);
    }

    /// The value of `id` for that test; set up now unless it lives already.
    pub(crate) fn ensure(&mut self, id: NodeId, user: For<'_>) -> Result<Cell, SetupStop> {
        let plan = self.shared.plan.clone();
        let def = plan.node(id).def;
        let key = user.test.key(def.scope);
        let is_here = self.holds.instance(key, id);
        if let Some(instance) = self.find(id, key) {
            let outcome = instance.outcome.clone();
            if key == Key::Session
                && !is_here
                && outcome.is_ok()
                && let Some(lost) = self.upstream().is_lost(id, user.index)
            {
                return Err(lost);
            }
            return outcome.map_err(SetupStop::remembered);
        }
        if !is_here {
            return leaks::ours(|| {
                let fetched = self.upstream().fetch(id, user.index);
                self.take_over(id, key, def, fetched, user)
            });
        }
        let events = self.shared.events.clone();
        let node = plan.node(id);
        let request = Request::for_fixture(user, node, key == Key::Test, events);
        let chosen = node.param.iter().map(|param| param.chosen.clone());
        let args = self
            .args(def.params, &node.deps, chosen.collect(), &request, user)
            .map_err(|stop| stop.through(def))?;
        let instance = self.set_up(id, key, def, args, request, user);
        let outcome = instance.outcome.clone();
        self.live.push(instance);
        outcome
    }

    /// The value of `id` as another store can take it.
    pub(crate) fn ensure_fetched(
        &mut self,
        id: NodeId,
        user: For<'_>,
    ) -> Result<Fetched, SetupStop> {
        let cell = self.ensure(id, user)?;
        let key = user.test.key(self.shared.plan.node(id).def.scope);
        let session = self.find(id, key).and_then(|found| found.session.clone());
        Ok(match (session, cell) {
            (Some(session), _) => Fetched::Session(session),
            (None, Cell::Shared(cell)) => Fetched::Cell(cell),
            (None, Cell::Local(_)) => {
                panic!("itest bug: a test's value was asked for from outside")
            }
        })
    }

    pub(crate) fn plan(&self) -> Arc<Plan> {
        self.shared.plan.clone()
    }

    fn find(&self, id: NodeId, key: Key) -> Option<&Instance> {
        self.live
            .iter()
            .find(|instance| instance.node == id && instance.key == key)
    }

    fn upstream(&self) -> &dyn Upstream {
        self.upstream
            .as_deref()
            .expect("itest bug: a store without upstream was asked for a wider value")
    }

    /// Makes a value from upstream one that users here can borrow.
    fn take_over(
        &mut self,
        id: NodeId,
        key: Key,
        def: &'static FixtureDef,
        fetched: Result<Fetched, SetupStop>,
        user: For<'_>,
    ) -> Result<Cell, SetupStop> {
        let name = Named::new(self.shared.plan.node(id), key, user);
        let session = match &fetched {
            Ok(Fetched::Session(value)) => Some(value.clone()),
            _ => None,
        };
        let outcome = match fetched {
            Ok(Fetched::Cell(cell)) => Ok(Cell::Shared(cell)),
            Ok(Fetched::Session(session)) => {
                builtin::import_env(&session.exports);
                decode(def, &session.json)
                    .map_err(|failure| SetupStop::Failed(name.error(vec![failure])))
            }
            Err(stop) => Err(stop),
        };
        let instance = Instance {
            node: id,
            key,
            name,
            outcome: outcome.clone(),
            session,
            life: Life::Nothing,
            request: None,
        };
        // A test's store and an executor's remember it; asking again would give the same.
        self.live.push(instance);
        outcome
    }

    /// The values of a signature, what is missing set up in its order.
    pub(crate) fn args(
        &mut self,
        params: &'static [ParamDef],
        deps: &[Dep],
        chosen: Vec<Chosen>,
        request: &Request,
        user: For<'_>,
    ) -> Result<Args, SetupStop> {
        let mut args = Vec::with_capacity(deps.len());
        for (param, dep) in params.iter().zip(deps) {
            args.push(match *dep {
                Dep::Request => Arg::owned(Box::new(request.clone())),
                Dep::Node(id) => {
                    let cell = self.ensure(id, user)?;
                    match param.access {
                        Access::Owned(_) if user.test.moved.contains(&id) => match cell.take() {
                            Some(Value::Local(value)) => Arg::owned(value),
                            _ => panic!("itest bug: a value to move is not there"),
                        },
                        Access::Owned(Some(clone)) => Arg::owned(cell.with(clone)),
                        Access::Owned(None) => {
                            panic!("itest bug: a value is neither movable nor `Clone`")
                        }
                        Access::Shared | Access::Exclusive => Arg::cell(cell),
                    }
                }
            });
        }
        Ok(Args::new(args, chosen))
    }

    fn set_up(
        &mut self,
        id: NodeId,
        key: Key,
        def: &'static FixtureDef,
        args: Args,
        request: Request,
        user: For<'_>,
    ) -> Instance {
        let name = Named::new(self.shared.plan.node(id), key, user);
        let events = &self.shared.events;
        events.send_of_fixture(name.scope(), || Event::SetupStarted {
            fixture: name.in_words(),
        });
        let started = Instant::now();
        let on = self.on(key, user);
        let watch = self.watch(def, &user.test.name, def.is_async());
        let running = super::panic::running(&user.test.name);
        let under_way = note::begin(Phase::Setup, &name);
        let made = match key {
            Key::Test => make(def, args, on),
            _ => leaks::wide(|| make(def, args, on)),
        };
        drop((under_way, running, watch));
        let mut life = Life::Nothing;
        let mut session = None;
        let outcome = match made {
            Ok((cell, made)) => {
                life = made;
                match self.publish(id, cell, &request) {
                    Ok((cell, value)) => {
                        session = value;
                        Ok(cell)
                    }
                    Err(failure) => Err(Stop::Failed(failure)),
                }
            }
            Err(stop) => Err(stop),
        };
        let outcome = outcome.map_err(|stop| match stop {
            Stop::Failed(failure) => SetupStop::Failed(name.error(vec![failure])),
            Stop::Skipped(reason) => SetupStop::Skipped {
                name: def.name.to_owned(),
                reason,
                place: Box::new(name.error(Vec::new())),
            },
            Stop::Xfailed(reason) => SetupStop::Xfailed(reason),
        });
        let events = &self.shared.events;
        events.send_of_fixture(name.scope(), || Event::SetupFinished {
            fixture: name.in_words(),
            error: match &outcome {
                Err(SetupStop::Failed(error)) => Some(error.clone()),
                _ => None,
            },
            skipped: match &outcome {
                Err(SetupStop::Skipped { reason, .. } | SetupStop::Xfailed(reason)) => {
                    Some(reason.clone())
                }
                _ => None,
            },
            duration: started.elapsed(),
            output: String::new(),
        });
        Instance {
            node: id,
            key,
            name,
            outcome,
            session,
            life,
            request: Some(request),
        }
    }

    /// What users of a fresh value borrow: of a session value a copy, as in any other process.
    fn publish(
        &self,
        id: NodeId,
        cell: Cell,
        request: &Request,
    ) -> Result<(Cell, Option<SessionValue>), Failure> {
        let node = self.shared.plan.node(id);
        let Some(codec) = node.def.codec else {
            return Ok((cell, None));
        };
        let json = cell.with(codec.encode).map_err(|error| {
            let mut failure = Failure::new(
                FailureKind::Misuse,
                "the value of a session fixture cannot be serialised: it must survive the way \
                 through JSON to other processes",
            );
            failure.causes.push(error);
            failure
        })?;
        let copy = decode(node.def, &json)?;
        let mut exports = Vec::new();
        for dep in &node.deps {
            if let Dep::Node(dep) = dep
                && let Some(below) = self.find(*dep, Key::Session)
                && let Some(value) = &below.session
            {
                exports.extend_from_slice(&value.exports);
            }
        }
        exports.extend(request.exports());
        let json = json.into();
        Ok((copy, Some(SessionValue { json, exports })))
    }

    /// Tears down what the test before had and `next` does not share; `None` ends everything.
    pub(crate) fn leave(&mut self, next: Option<&PlannedTest>) -> Vec<FixtureError> {
        if self.live.is_empty() {
            return Vec::new();
        }
        let on = On::Shared {
            threads: self.shared.plan.runtime_threads,
        };
        let Some(next) = next else {
            return self.tear_down(on, |_, _| true);
        };
        let live = self
            .live
            .iter()
            .map(|instance| (instance.node, instance.key));
        let ending = self.shared.plan.ending(live, next);
        self.tear_down(on, |index, _| ending[index])
    }

    /// Tears down what belongs to the one test.
    pub(crate) fn end_test(&mut self, on: On<'_>) -> Vec<FixtureError> {
        self.tear_down(on, |_, instance| instance.key == Key::Test)
    }

    /// `ends` is told the place among the live ones.
    fn tear_down(
        &mut self,
        on: On<'_>,
        ends: impl Fn(usize, &Instance) -> bool,
    ) -> Vec<FixtureError> {
        let mut live = self.live.iter().enumerate();
        if !live.any(|(index, instance)| ends(index, instance)) {
            return Vec::new();
        }
        let mut ended = Vec::new();
        for (index, instance) in std::mem::take(&mut self.live).into_iter().enumerate() {
            match ends(index, &instance) {
                true => ended.push(instance),
                false => self.live.push(instance),
            }
        }
        // Narrow scopes end before wide ones; in each, what was set up last goes first.
        ended.reverse();
        sort::by_key(&mut ended, |instance| instance.key.width());
        ended
            .into_iter()
            .filter_map(|instance| self.tear_down_one(instance, on))
            .collect()
    }

    fn tear_down_one(&self, instance: Instance, on: On<'_>) -> Option<FixtureError> {
        let Instance {
            node,
            key,
            name,
            outcome,
            life,
            request,
            ..
        } = instance;
        let request = request?;
        let _ended = (key != Key::Test).then(leaks::WideEnds::default);
        let def = self.shared.plan.node(node).def;
        let first = request.next_finalizer();
        if matches!(life, Life::Nothing) && first.is_none() && !request.has_resources() {
            return None;
        }
        let running = super::panic::running(&format!("{} (teardown)", name.path()).into());
        let under_way = note::begin(Phase::Teardown, &name);
        let events = &self.shared.events;
        events.send_of_fixture(name.scope(), || Event::TeardownStarted {
            fixture: name.in_words(),
        });
        let started = Instant::now();
        let mut stops = Vec::new();
        // The copy that users of a session value borrowed goes before the value itself.
        let copy = on.enter(|| {
            drop(outcome);
            Ok(())
        });
        stops.extend(copy.err());
        {
            let _watch = self.watch(def, &name.test, def.is_async());
            stops.extend(unmake(def, life, on).err());
        }
        let mut next = first;
        while let Some(finalizer) = next {
            let _watch = self.watch(def, &name.test, true);
            stops.extend(on.block_on(def.timeout, finalizer).err());
            next = request.next_finalizer();
        }
        stops.extend(request.clean_resources().into_iter().map(Stop::Failed));
        drop((under_way, running));
        // In the order of the setup, as pytest lists them.
        let failures: Vec<Failure> = stops.into_iter().rev().map(teardown_failure).collect();
        let error = (!failures.is_empty()).then(|| name.error(failures));
        let events = &self.shared.events;
        events.send_of_fixture(name.scope(), || Event::TeardownFinished {
            fixture: name.in_words(),
            error: error.clone(),
            duration: started.elapsed(),
            output: String::new(),
        });
        error
    }

    fn on<'a>(&self, key: Key, user: For<'a>) -> On<'a> {
        match key {
            Key::Test => user.on,
            _ => On::Shared {
                threads: self.shared.plan.runtime_threads,
            },
        }
    }

    fn watch(
        &self,
        def: &'static FixtureDef,
        test: &TestName,
        is_async: bool,
    ) -> Option<WatchGuard> {
        let limit = def.timeout?;
        let (on_hung, test) = (self.shared.on_hung.clone(), test.clone());
        let grace = if is_async { GRACE } else { Duration::ZERO };
        Some(watch(limit + grace, move || {
            let mut failure = timed_out(limit);
            failure.message = format!("fixture `{}` {}", def.name, failure.message);
            on_hung(&test, failure);
        }))
    }
}

impl SetupStop {
    pub(crate) fn remembered(mut self) -> Self {
        if let Some(error) = self.error_mut() {
            error.remembered = true;
        }
        self
    }

    /// Records that `def` was to be set up when this happened.
    fn through(mut self, def: &FixtureDef) -> Self {
        if let Some(error) = self.error_mut() {
            error.chain.insert(0, def.name.to_owned());
        }
        self
    }

    fn error_mut(&mut self) -> Option<&mut FixtureError> {
        match self {
            SetupStop::Failed(error) => Some(error),
            SetupStop::Skipped { place, .. } => Some(place),
            SetupStop::Xfailed(_) => None,
        }
    }
}

/// Calls the user's fixture function up to its value.
fn make(def: &'static FixtureDef, args: Args, on: On<'_>) -> Result<(Cell, Life), Stop> {
    let value = match def.body {
        FixtureBody::Sync(body) => on.enter(|| body(args))?,
        FixtureBody::Async(body) => {
            on.block_on_or_cancel(def.timeout, async { body(args).await })?
        }
        FixtureBody::Provide { run, is_async } => {
            let slot = Slot::default();
            let mut future = run(args, slot.clone());
            let mut until_provided = |cx: &mut Context<'_>| match future.as_mut().poll(cx) {
                Poll::Ready(result) => Poll::Ready(result),
                Poll::Pending if slot.provided().is_some() => Poll::Ready(Ok(())),
                Poll::Pending => Poll::Pending,
            };
            if is_async {
                on.block_on_or_cancel(def.timeout, poll_fn(until_provided))?;
            } else {
                on.enter(|| poll_once(&mut until_provided))?;
            }
            let cell = slot.provided().ok_or_else(|| {
                Failure::new(
                    FailureKind::Misuse,
                    format!(
                        "fixture `{}` returned without having reached its `provide!`",
                        def.name
                    ),
                )
            })?;
            return Ok((cell, Life::Suspended(future, slot)));
        }
    };
    let cell = Cell::new(value);
    Ok((cell.clone(), Life::Value(cell)))
}

/// Runs what is behind `provide!`, or drops the value.
fn unmake(def: &'static FixtureDef, life: Life, on: On<'_>) -> Result<(), Stop> {
    match life {
        Life::Nothing => Ok(()),
        Life::Value(cell) => on.enter(|| {
            drop(cell.take());
            Ok(())
        }),
        Life::Suspended(mut future, slot) => {
            slot.tear_down();
            match def.body {
                FixtureBody::Provide { is_async: true, .. } => on.block_on(def.timeout, future),
                _ => on.enter(|| poll_once(&mut |cx| future.as_mut().poll(cx))),
            }
        }
    }
}

/// Runs the body of a sync fixture, which never waits for anything but its own `provide!`.
fn poll_once(
    poll: &mut dyn FnMut(&mut Context<'_>) -> Poll<Result<(), Failure>>,
) -> Result<(), Failure> {
    match poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(result) => result,
        Poll::Pending => panic!("itest bug: a sync fixture awaits"),
    }
}

fn decode(def: &'static FixtureDef, json: &str) -> Result<Cell, Failure> {
    let codec = def
        .codec
        .expect("itest bug: a session fixture without a codec");
    (codec.decode)(json).map(Cell::new).map_err(|error| {
        let mut failure = Failure::new(
            FailureKind::Misuse,
            "the value of a session fixture does not survive the way through JSON to other \
             processes: its `Deserialize` refuses what its `Serialize` wrote",
        );
        failure.causes.push(error);
        failure
    })
}

pub(crate) fn teardown_failure(stop: Stop) -> Failure {
    let what = match stop {
        Stop::Failed(failure) => return failure,
        Stop::Skipped(reason) => format!("`skip!` in a teardown: {reason}"),
        Stop::Xfailed(reason) => format!("`xfail!` in a teardown: {reason}"),
    };
    Failure::new(FailureKind::Misuse, what)
}
