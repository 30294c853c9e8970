//! [`Processes`]: keeps worker processes busy and replaces those that die.
//!
//! One thread of the dispatcher for each worker: it takes tests from the schedule, holds their
//! locks, orders them in batches and turns the worker's reports into events. It runs no user code.

use std::collections::VecDeque;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::child::{Part, Role};
use super::process::{Process, Received, describe};
use super::protocol::{Answer, Order, Report};
use crate::cli::Args;
use crate::event::{Event, TestName};
use crate::outcome::{Failure, FailureKind, FixtureError, Outcome};
use crate::plan::{HeldLock, NodeId, Plan};
use crate::run::dispatcher::{Crew, Work};
use crate::run::events::{Clock, Events};
use crate::run::executor;
use crate::run::interrupt;
use crate::run::locks::Locks;
use crate::run::schedule::Schedule;
use crate::run::store::SetupStop;
use crate::run::watchdog::GRACE;
use crate::scope::Scope;

/// So many tests are ordered at once: enough to make an empty test cost next to nothing.
const BATCH: usize = 64;

/// The crew whose executors are processes.
pub(in crate::run) struct Processes {
    plan: Arc<Plan>,
    events: Events,
    clock: Clock,
    schedule: Mutex<Schedule>,
    locks: Locks,
    session: Session,
    stop: AtomicBool,
    capture: bool,
    fail_fast: bool,
}

/// What a batch came to.
enum Batch {
    /// All of it ran.
    Ran,
    /// The worker died at one of its tests; those behind it did not run.
    Broken(VecDeque<usize>),
}

impl Processes {
    pub(in crate::run) fn new(work: Work, args: &Args) -> Self {
        Processes {
            plan: work.plan,
            schedule: Mutex::new(work.schedule),
            locks: Locks::default(),
            session: Session::new(work.events.clone(), work.clock, args.capture),
            events: work.events,
            clock: work.clock,
            stop: AtomicBool::new(false),
            capture: args.capture,
            fail_fast: args.fail_fast,
        }
    }
}

impl Crew for Processes {
    fn work(&self, number: u32) {
        let events = self.events.of_worker(number);
        let mut worker = None;
        let mut part = VecDeque::new();
        while !self.stop.load(Ordering::Relaxed) && interrupt::interrupted().is_none() {
            if part.is_empty() {
                match self.next_part() {
                    Some(next) => part = next.into(),
                    None => break,
                }
            }
            let batch = self.take_batch(&mut part);
            let locks = &self.plan.tests[batch[0]].locks;
            let held = self.locks.acquire(locks);
            let process = match worker.take() {
                Some(process) => Ok(process),
                None => self.spawn(number),
            };
            let mut process = match process {
                Ok(process) => process,
                Err(error) => {
                    self.not_started(&events, &batch, &error);
                    continue;
                }
            };
            match self.run(&mut process, batch, &events) {
                Batch::Ran => worker = Some(process),
                Batch::Broken(rest) => {
                    for test in rest.into_iter().rev() {
                        part.push_front(test);
                    }
                }
            }
            drop(held);
        }
        if let Some(process) = worker {
            let_go(process, &events);
        }
    }

    fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }

    fn finish(&self, _hung: bool) -> bool {
        self.session.finish();
        true
    }
}

impl Processes {
    fn spawn(&self, number: u32) -> io::Result<Process> {
        let part = Part {
            worker: Some(number),
            started: self.clock.started,
        };
        Process::spawn(Role::Worker, self.capture, part)
    }

    fn next_part(&self) -> Option<Vec<usize>> {
        let mut schedule = self.schedule.lock().unwrap_or_else(PoisonError::into_inner);
        schedule.next()
    }

    /// The next tests that need the same locks.
    fn take_batch(&self, part: &mut VecDeque<usize>) -> VecDeque<usize> {
        let limit = if self.fail_fast { 1 } else { BATCH };
        let locks = |test: usize| -> &[HeldLock] { &self.plan.tests[test].locks };
        let first = part[0];
        let count = part
            .iter()
            .take(limit)
            .take_while(|test| locks(**test) == locks(first))
            .count();
        part.drain(..count).collect()
    }

    fn name(&self, test: usize) -> TestName {
        self.plan.tests[test].name.clone()
    }

    /// Orders a batch and follows it to its end.
    fn run(&self, worker: &mut Process, mut batch: VecDeque<usize>, events: &Events) -> Batch {
        let tests = batch
            .iter()
            .map(|test| u32::try_from(*test).expect("itest bug: more than 2^32 tests"));
        // If the worker is gone already, the first receive tells.
        let _ = worker.send(&Order::Run(tests.collect()));
        let mut started = Instant::now();
        let mut cancelled: Option<Instant> = None;
        // What a session fixture printed whose setup failed for the test under way.
        let mut before = String::new();
        self.started(&batch, events, events.now());
        loop {
            if interrupt::interrupted().is_some() {
                match cancelled {
                    None => {
                        let _ = worker.send(&Order::Cancel);
                        cancelled = Some(Instant::now());
                    }
                    Some(since) if since.elapsed() > GRACE => {
                        worker.kill();
                        let _ = worker.wait();
                        let failure = interrupt::failure();
                        self.died(worker, &mut batch, events, failure, started.elapsed());
                        return Batch::Broken(batch);
                    }
                    Some(_) => {}
                }
            }
            match worker.receive() {
                Received::Nothing => {}
                Received::Passed(all) => {
                    for passed in all {
                        if let Some(test) = batch.pop_front() {
                            let output = std::mem::take(&mut before) + &worker.cut(passed.printed);
                            let name = self.name(test);
                            events.send_at(passed.at, || {
                                executor::finished(name, Outcome::Passed, passed.duration, output)
                            });
                        }
                        self.started(&batch, events, passed.at);
                    }
                    started = Instant::now();
                }
                Received::Report(Report::Event { at, event, printed }) => {
                    let ended = matches!(event, Event::TestFinished { .. });
                    if self.fail_fast
                        && let Event::TestFinished { outcome, .. } = &event
                        && outcome.is_failure()
                    {
                        self.stop();
                    }
                    let mut event = with_output(event, printed, worker);
                    if let Event::TestFinished { output, .. } = &mut event {
                        output.insert_str(0, &std::mem::take(&mut before));
                    }
                    events.send_at(at, || event);
                    if ended {
                        batch.pop_front();
                        started = Instant::now();
                        self.started(&batch, events, at);
                    }
                }
                Received::Report(Report::Fetch { node, test }) => {
                    let (answer, printed) = self.session.fetch(NodeId(node), test as usize);
                    before.push_str(&printed);
                    let _ = worker.send(&Order::Fetched(answer));
                }
                Received::Report(Report::Idle) => return Batch::Ran,
                Received::Report(Report::Hung { failure, .. }) => {
                    worker.kill();
                    let _ = worker.wait();
                    self.died(worker, &mut batch, events, failure, started.elapsed());
                    return Batch::Broken(batch);
                }
                Received::Report(Report::Fetched(_)) | Received::Gone => {
                    worker.kill();
                    let how = match worker.wait() {
                        Ok(status) => describe(status),
                        Err(error) => format!("the test process is lost: {error}"),
                    };
                    let failure = Failure::new(FailureKind::Crash, how);
                    self.died(worker, &mut batch, events, failure, started.elapsed());
                    return Batch::Broken(batch);
                }
            }
        }
    }

    fn started(&self, batch: &VecDeque<usize>, events: &Events, at: Duration) {
        if let Some(test) = batch.front() {
            events.send_at(at, || Event::TestStarted {
                test: self.name(*test),
            });
        }
    }

    /// The test at the front of the batch took the worker with it.
    fn died(
        &self,
        worker: &mut Process,
        batch: &mut VecDeque<usize>,
        events: &Events,
        failure: Failure,
        duration: Duration,
    ) {
        let output = worker.cut_all();
        if self.fail_fast {
            self.stop();
        }
        if let Some(test) = batch.pop_front() {
            let (name, outcome) = (self.name(test), Outcome::Failed { failure });
            events.send(|| executor::finished(name, outcome, duration, output));
        }
    }

    fn not_started(&self, events: &Events, batch: &VecDeque<usize>, error: &io::Error) {
        for &test in batch {
            let mut failure = Failure::new(
                FailureKind::Crash,
                "no worker process could be started; `--in-process` runs without",
            );
            failure.causes.push(error.to_string());
            let (name, outcome) = (self.name(test), Outcome::Failed { failure });
            events.send(|| executor::finished(name, outcome, Duration::ZERO, String::new()));
        }
    }
}

/// Lets the worker tear down what it has left.
fn let_go(mut worker: Process, events: &Events) {
    let _ = worker.send(&Order::Finish);
    follow_to_end(&mut worker, events, "a worker");
}

/// Forwards what happens in a process that was told to finish.
fn follow_to_end(process: &mut Process, events: &Events, what: &str) {
    loop {
        match process.receive() {
            Received::Report(Report::Event { at, event, printed }) => {
                events.send_at(at, || with_output(event, printed, process));
            }
            Received::Report(Report::Hung { failure, .. }) => {
                process.kill();
                let _ = process.wait();
                events.send(|| Event::ProcessFailed {
                    failure,
                    output: process.cut_all(),
                });
                return;
            }
            Received::Report(_) | Received::Passed(_) | Received::Nothing => {}
            Received::Gone => break,
        }
    }
    let ended = process.wait();
    if !matches!(&ended, Ok(status) if status.success()) {
        let how = match ended {
            Ok(status) => describe(status),
            Err(error) => error.to_string(),
        };
        let message = format!("{what} died while it tore down its fixtures");
        let mut failure = Failure::new(FailureKind::Crash, message);
        failure.causes.push(how);
        events.send(|| Event::ProcessFailed {
            failure,
            output: process.cut_all(),
        });
    }
}

fn with_output(mut event: Event, printed: u64, process: &mut Process) -> Event {
    match &mut event {
        Event::TestFinished { output, .. } => *output = process.cut(printed),
        // What the test's own fixtures print is part of its output.
        Event::TeardownFinished {
            output, fixture, ..
        } if fixture.scope > Scope::Test => *output = process.cut(printed),
        _ => {}
    }
    event
}

/// The session host, started when the first session fixture is needed.
struct Session {
    events: Events,
    clock: Clock,
    capture: bool,
    host: Mutex<Host>,
}

#[expect(clippy::large_enum_variant, reason = "there is one")]
enum Host {
    NotStarted,
    Running(Process),
    Dead(SetupStop),
}

impl Session {
    fn new(events: Events, clock: Clock, capture: bool) -> Self {
        Session {
            events,
            clock,
            capture,
            host: Mutex::new(Host::NotStarted),
        }
    }

    /// The answer, and what a setup printed that failed.
    fn fetch(&self, node: NodeId, test: usize) -> (Answer, String) {
        let mut host = self.host.lock().unwrap_or_else(PoisonError::into_inner);
        if matches!(*host, Host::NotStarted) {
            let part = Part {
                worker: None,
                started: self.clock.started,
            };
            *host = match Process::spawn(Role::SessionHost, self.capture, part) {
                Ok(process) => Host::Running(process),
                Err(error) => Host::Dead(dead(
                    "the session host could not be started",
                    &error.to_string(),
                )),
            };
        }
        let mut printed = String::new();
        let stop = match &mut *host {
            Host::Running(process) => match self.ask(process, node, test, &mut printed) {
                Ok(answer) => return (answer, printed),
                Err(stop) => {
                    printed.push_str(&process.cut_all());
                    stop
                }
            },
            Host::Dead(stop) => return (Err(stop.clone()), printed),
            Host::NotStarted => unreachable!("it was started just now"),
        };
        *host = Host::Dead(stop.clone());
        (Err(stop), printed)
    }

    /// `Err` when the host is lost.
    fn ask(
        &self,
        process: &mut Process,
        node: NodeId,
        test: usize,
        output: &mut String,
    ) -> Result<Answer, SetupStop> {
        let order = Order::Fetch {
            node: node.0,
            test: u32::try_from(test).expect("itest bug: more than 2^32 tests"),
        };
        let _ = process.send(&order);
        let mut cancelled = false;
        loop {
            if interrupt::interrupted().is_some() && !std::mem::replace(&mut cancelled, true) {
                let _ = process.send(&Order::Cancel);
            }
            match process.receive() {
                Received::Report(Report::Fetched(answer)) => return Ok(answer),
                Received::Report(Report::Event { at, event, printed }) => {
                    if let Event::SetupFinished { error, .. } = &event {
                        let setup = process.cut(printed);
                        if error.is_some() {
                            output.push_str(&setup);
                        }
                    }
                    self.events
                        .send_at(at, || with_output(event, printed, process));
                }
                Received::Report(Report::Hung { failure, .. }) => {
                    process.kill();
                    let _ = process.wait();
                    return Err(dead("the session host was killed", &failure.to_string()));
                }
                Received::Report(_) | Received::Passed(_) | Received::Nothing => {}
                Received::Gone => {
                    process.kill();
                    let how = match process.wait() {
                        Ok(status) => describe(status),
                        Err(error) => error.to_string(),
                    };
                    return Err(dead("the session host died", &how));
                }
            }
        }
    }

    /// Tears down all session fixtures.
    fn finish(&self) {
        let mut host = self.host.lock().unwrap_or_else(PoisonError::into_inner);
        if let Host::Running(mut process) = std::mem::replace(&mut *host, Host::NotStarted) {
            let _ = process.send(&Order::Finish);
            follow_to_end(&mut process, &self.events, "the session host");
        }
    }
}

/// Nothing that the session host holds can be had any more.
fn dead(what: &str, why: &str) -> SetupStop {
    let mut failure = Failure::new(FailureKind::Crash, what);
    failure.causes.push(why.to_owned());
    SetupStop::Failed(FixtureError {
        fixture: "session host".to_owned(),
        location: String::new(),
        chain: Vec::new(),
        remembered: false,
        failures: vec![failure],
    })
}
