//! [`Processes`]: keeps worker processes busy and replaces those that die.
//!
//! One thread of the dispatcher for each worker: it takes batches of tests from the
//! schedule, orders them and turns the worker's reports into events. It runs no user code.

use std::collections::VecDeque;
use std::io;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::child::{Part, Role};
use super::process::{Process, Received, describe};
use super::protocol::{Answer, Order, Report};
use crate::cli::Args;
use crate::event::{Event, TestName};
use crate::outcome::{Failure, FailureKind, FixtureError, Outcome};
use crate::plan::NodeId;
use crate::run::dispatcher::{Crew, Work};
use crate::run::events::{Clock, Events};
use crate::run::executor;
use crate::run::interrupt;
use crate::run::schedule::{Batch, Schedule};
use crate::run::store::SetupStop;
use crate::run::suite::{Launch, Suite};
use crate::run::watchdog::GRACE;
use crate::scope::Scope;

/// The crew whose executors are processes.
pub(in crate::run) struct Processes {
    suites: Vec<Suite>,
    schedule: Schedule,
    events: Events,
    clock: Clock,
    /// One for each suite.
    sessions: Vec<Session>,
    capture: bool,
    fail_fast: bool,
}

/// A worker process, and the suite whose tests it can run.
struct Worker {
    suite: usize,
    process: Process,
    events: Events,
}

/// What a batch came to.
enum Ran {
    /// All of it ran.
    All,
    /// The worker died at one of its tests; those behind it did not run.
    Broken,
}

impl Processes {
    pub(in crate::run) fn new(work: Work, args: &Args) -> Self {
        let sessions = work.suites.iter().map(|suite| {
            let events = work.events.of_binary(&suite.id);
            Session::new(events, work.clock, args.capture)
        });
        Processes {
            sessions: sessions.collect(),
            suites: work.suites,
            schedule: work.schedule,
            events: work.events,
            clock: work.clock,
            capture: args.capture,
            fail_fast: args.fail_fast,
        }
    }
}

impl Crew for Processes {
    fn work(&self, number: usize) {
        let mut worker: Option<Worker> = None;
        while let Some(mut batch) = self.schedule.next(number) {
            if interrupt::interrupted().is_some() {
                break;
            }
            let (mut ready, started) = match self.ready(worker.take(), number, batch.suite) {
                Ok(ready) => (ready, Instant::now()),
                Err(error) => {
                    self.not_started(number, &batch, &error);
                    continue;
                }
            };
            let count = batch.tests.len();
            let mut order = Ordered {
                suite: batch.suite,
                tests: std::mem::take(&mut batch.tests),
                worker: &mut ready.process,
                events: &ready.events,
            };
            match self.run(&mut order) {
                Ran::All => {
                    self.schedule.took(count, started.elapsed());
                    worker = Some(ready);
                }
                Ran::Broken => self.schedule.give_back(number, &order.tests, batch.locks()),
            }
        }
        if let Some(worker) = worker {
            worker.let_go();
        }
    }

    fn stop(&self) {
        self.schedule.stop();
    }

    fn finish(&self, _hung: bool) -> bool {
        self.sessions.iter().for_each(Session::finish);
        true
    }
}

/// What a worker was told to run, the test under way first.
struct Ordered<'a> {
    suite: usize,
    tests: VecDeque<usize>,
    worker: &'a mut Process,
    events: &'a Events,
}

impl Processes {
    /// A worker for tests of that suite: the one at hand, or one that takes its place.
    fn ready(&self, at_hand: Option<Worker>, number: usize, suite: usize) -> io::Result<Worker> {
        if let Some(worker) = at_hand {
            if worker.suite == suite {
                return Ok(worker);
            }
            worker.let_go();
        }
        let of = &self.suites[suite];
        let part = Part {
            worker: u32::try_from(number).ok(),
            started: self.clock.started,
        };
        Ok(Worker {
            suite,
            process: Process::spawn(&of.launch, Role::Worker, self.capture, part)?,
            events: self.events.of_binary(&of.id).of_worker(number),
        })
    }

    fn name(&self, suite: usize, test: usize) -> TestName {
        self.suites[suite].summary.tests[test].name.clone()
    }

    /// Orders a batch and follows it to its end.
    fn run(&self, order: &mut Ordered<'_>) -> Ran {
        let tests = order
            .tests
            .iter()
            .map(|test| u32::try_from(*test).expect("itest bug: more than 2^32 tests"));
        let tests = Order::Run(tests.collect());
        // If the worker is gone already, the first receive tells.
        let _ = order.worker.send(&tests);
        let mut started = Instant::now();
        let mut cancelled: Option<Instant> = None;
        // What a session fixture printed whose setup failed for the test under way.
        let mut before = String::new();
        self.started(order, order.events.now());
        loop {
            if interrupt::interrupted().is_some() {
                match cancelled {
                    None => {
                        let _ = order.worker.send(&Order::Cancel);
                        cancelled = Some(Instant::now());
                    }
                    Some(since) if since.elapsed() > GRACE => {
                        order.worker.kill();
                        let _ = order.worker.wait();
                        self.died(order, interrupt::failure(), started.elapsed());
                        return Ran::Broken;
                    }
                    Some(_) => {}
                }
            }
            match order.worker.receive() {
                Received::Nothing => {}
                Received::Passed(all) => {
                    for passed in all {
                        if let Some(test) = order.tests.pop_front() {
                            let mut output = std::mem::take(&mut before);
                            output += &order.worker.cut(passed.printed);
                            let name = self.name(order.suite, test);
                            order.events.send_at(passed.at, || {
                                executor::finished(name, Outcome::Passed, passed.duration, output)
                            });
                        }
                        self.started(order, passed.at);
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
                    let mut event = with_output(event, printed, order.worker);
                    if let Event::TestFinished { output, .. } = &mut event {
                        output.insert_str(0, &std::mem::take(&mut before));
                    }
                    order.events.send_at(at, || event);
                    if ended {
                        order.tests.pop_front();
                        started = Instant::now();
                        self.started(order, at);
                    }
                }
                Received::Report(Report::Fetch { node, test }) => {
                    let launch = &self.suites[order.suite].launch;
                    let session = &self.sessions[order.suite];
                    let (answer, printed) = session.fetch(launch, NodeId(node), test as usize);
                    before.push_str(&printed);
                    let _ = order.worker.send(&Order::Fetched(answer));
                }
                Received::Report(Report::Idle) => return Ran::All,
                Received::Report(Report::Hung { failure, .. }) => {
                    order.worker.kill();
                    let _ = order.worker.wait();
                    self.died(order, failure, started.elapsed());
                    return Ran::Broken;
                }
                Received::Report(Report::Fetched(_)) | Received::Gone => {
                    order.worker.kill();
                    let how = match order.worker.wait() {
                        Ok(status) => describe(status),
                        Err(error) => format!("the test process is lost: {error}"),
                    };
                    let failure = Failure::new(FailureKind::Crash, how);
                    self.died(order, failure, started.elapsed());
                    return Ran::Broken;
                }
            }
        }
    }

    fn started(&self, order: &Ordered<'_>, at: Duration) {
        if let Some(test) = order.tests.front() {
            order.events.send_at(at, || Event::TestStarted {
                test: self.name(order.suite, *test),
            });
        }
    }

    /// The test under way took the worker with it.
    fn died(&self, order: &mut Ordered<'_>, failure: Failure, duration: Duration) {
        let output = order.worker.cut_all();
        if self.fail_fast {
            self.stop();
        }
        if let Some(test) = order.tests.pop_front() {
            let (name, outcome) = (self.name(order.suite, test), Outcome::Failed { failure });
            let finished = || executor::finished(name, outcome, duration, output);
            order.events.send(finished);
        }
    }

    fn not_started(&self, number: usize, batch: &Batch<'_>, error: &io::Error) {
        let id = &self.suites[batch.suite].id;
        let events = self.events.of_binary(id).of_worker(number);
        for &test in &batch.tests {
            let mut failure = Failure::new(
                FailureKind::Crash,
                "no worker process could be started; `--in-process` runs without",
            );
            failure.causes.push(error.to_string());
            let (name, outcome) = (self.name(batch.suite, test), Outcome::Failed { failure });
            events.send(|| executor::finished(name, outcome, Duration::ZERO, String::new()));
        }
    }
}

impl Worker {
    /// Lets it tear down what it has left.
    fn let_go(mut self) {
        let _ = self.process.send(&Order::Finish);
        follow_to_end(&mut self.process, &self.events, "a worker");
    }
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
    fn fetch(&self, launch: &Launch, node: NodeId, test: usize) -> (Answer, String) {
        let mut host = self.host.lock().unwrap_or_else(PoisonError::into_inner);
        if matches!(*host, Host::NotStarted) {
            let part = Part {
                worker: None,
                started: self.clock.started,
            };
            *host = match Process::spawn(launch, Role::SessionHost, self.capture, part) {
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
