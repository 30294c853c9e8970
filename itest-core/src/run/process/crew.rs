//! [`Processes`]: keeps worker processes busy and replaces those that die.
//!
//! One thread of the dispatcher for each worker: it takes batches of tests from the
//! schedule, orders them and turns the worker's reports into events. It runs no user code.

use std::collections::VecDeque;
use std::io;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::child::Part;
use super::process::{Process, Received, ended_how};
use super::protocol::{Order, PassedTests, Report, Tests};
use super::session::Session;
use crate::cli::Args;
use crate::event::{Event, TestName};
use crate::outcome::{Failure, FailureKind, FixtureError, Outcome};
use crate::run::dispatcher::{Crew, Work};
use crate::run::events::{Clock, Events, PassedTest};
use crate::run::executor;
use crate::run::interrupt;
use crate::run::note::Phase;
use crate::run::schedule::{AT_ONCE, Batch, Schedule};
use crate::run::suite::Suite;
use crate::run::watchdog::GRACE;
use crate::scope::Scope;

const _: () = assert!(
    AT_ONCE <= PassedTests::ROOM,
    "the tests of a batch can all pass before one is taken"
);

/// The crew whose executors are processes.
pub(in crate::run) struct Processes {
    suites: &'static [Suite],
    schedule: Arc<Schedule>,
    events: Events,
    clock: Clock,
    session: Session,
    capture: bool,
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
    pub(in crate::run) fn new(work: Work, args: &Args) -> io::Result<Self> {
        Ok(Processes {
            session: Session::new(&work, args)?,
            // This process ends with the run; freeing takes longer than many a test.
            suites: work.suites.leak(),
            schedule: work.schedule,
            events: work.events,
            clock: work.clock,
            capture: args.capture,
        })
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

    fn is_stopped(&self) -> bool {
        self.schedule.is_stopped()
    }

    fn join(&self, command: &mut Command) {
        self.session.join(command);
    }

    fn finish(&self, _hung: bool) -> bool {
        self.session.finish();
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
            threads: of.summary.runtime_threads,
            own_fixtures: self.events.has_own_fixtures(),
        };
        Ok(Worker {
            suite,
            process: Process::spawn(&of.launch, self.session.run(), self.capture, part)?,
            events: self.events.of_binary(&of.id).of_worker(number),
        })
    }

    fn name(&self, suite: usize, test: usize) -> TestName {
        self.suites[suite].summary.tests[test].name.clone()
    }

    fn order(&self, suite: usize, tests: &VecDeque<usize>) -> Order {
        if let Some(plain) = self.plain(suite, tests) {
            return Order::RunPlain(plain);
        }
        if self.suites[suite].summary.has_files {
            let names = tests.iter().map(|test| self.name(suite, *test));
            return Order::RunNamed(names.collect());
        }
        let mut numbers = Tests::default();
        for test in tests {
            numbers.push(u32::try_from(*test).expect("itest bug: more than 2^32 tests"));
        }
        Order::Run(numbers)
    }

    /// The tests by their numbers in the registry, if no plan is needed for any of them.
    fn plain(&self, suite: usize, tests: &VecDeque<usize>) -> Option<Tests> {
        let summary = &self.suites[suite].summary;
        if summary.has_files {
            // Which files there are is found before any code of the user's can move the process.
            return None;
        }
        let mut plain = Tests::default();
        for test in tests {
            plain.push(summary.tests[*test].registered?);
        }
        Some(plain)
    }

    /// Orders a batch and follows it to its end.
    fn run(&self, order: &mut Ordered<'_>) -> Ran {
        let tests = self.order(order.suite, &order.tests);
        // Before the worker can begin.
        let at = order.events.now();
        // If the worker is gone already, the first receive tells.
        let _ = order.worker.send(&tests);
        let mut started = Instant::now();
        let mut cancelled: Option<Instant> = None;
        self.started(order, at);
        loop {
            if interrupt::interrupted().is_some() {
                match cancelled {
                    None => {
                        let _ = order.worker.send(&Order::Cancel);
                        self.session.cancel();
                        cancelled = Some(Instant::now());
                    }
                    Some(since) if since.elapsed() > GRACE => {
                        order.worker.kill();
                        let _ = order.worker.wait();
                        self.failed(order, interrupt::failure(), started.elapsed());
                        return Ran::Broken;
                    }
                    Some(_) => {}
                }
            }
            match order.worker.receive() {
                Received::Nothing => {}
                Received::Passed(all) => {
                    let mut tests = Vec::with_capacity(all.len());
                    for passed in all {
                        if let Some(test) = order.tests.pop_front() {
                            tests.push(PassedTest {
                                name: self.name(order.suite, test),
                                at: passed.at,
                                duration: passed.duration,
                                output: order.worker.cut(passed.printed),
                            });
                        }
                    }
                    let next = order.tests.front();
                    let next = next.map(|test| self.name(order.suite, *test));
                    order.events.send_passed(tests, next);
                    started = Instant::now();
                }
                Received::Report(Report::Event { at, event, printed }) => {
                    let ended = matches!(event, Event::TestFinished { .. });
                    if let Event::TestFinished { outcome, .. } = &event
                        && outcome.is_failure()
                    {
                        self.schedule.failed();
                    }
                    let event = with_output(event, printed, order.worker);
                    order.events.send_at(at, || event);
                    if ended {
                        order.tests.pop_front();
                        started = Instant::now();
                        self.started(order, at);
                    }
                }
                Received::Report(Report::Idle) => return Ran::All,
                Received::Report(Report::Hung { failure, .. }) => {
                    order.worker.kill();
                    let _ = order.worker.wait();
                    self.died(order, failure, started.elapsed());
                    return Ran::Broken;
                }
                Received::Gone => {
                    order.worker.kill();
                    let how = match order.worker.wait() {
                        Ok(status) => format!("the test process {}", ended_how(status)),
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
        if let Some(start) = self.start(order) {
            order.events.send_at(at, || start);
        }
    }

    /// The start of the test whose turn it is.
    fn start(&self, order: &Ordered<'_>) -> Option<Event> {
        let test = *order.tests.front()?;
        Some(Event::TestStarted {
            test: self.name(order.suite, test),
        })
    }

    /// The worker ended by what it was doing: the test under way, or something with a fixture.
    fn died(&self, order: &mut Ordered<'_>, mut failure: Failure, duration: Duration) {
        let Some(noted) = order.worker.was_doing() else {
            if failure.kind == FailureKind::Crash {
                failure.message += " in the middle of the test";
            }
            return self.failed(order, failure, duration);
        };
        // A test before had it, and the one whose turn it is has not begun.
        if noted.phase == Phase::Teardown && noted.scope > Scope::Test {
            return died_beside_tests(order.worker, order.events, failure);
        }
        let error = noted.error(failure.clone());
        if let Some(ended) = fixture_ended(order.worker, noted.phase, &error) {
            order.events.send(|| ended);
        }
        match noted.phase {
            Phase::Setup => self.ended(order, Outcome::Error { error }, duration),
            Phase::Teardown => {
                let FixtureError {
                    fixture, location, ..
                } = error;
                failure.message +=
                    &format!(" while it tore down the fixture `{fixture}` ({location})");
                self.failed(order, failure, duration);
            }
        }
    }

    fn failed(&self, order: &mut Ordered<'_>, failure: Failure, duration: Duration) {
        self.ended(order, Outcome::Failed { failure }, duration);
    }

    /// The test under way ended with the worker.
    fn ended(&self, order: &mut Ordered<'_>, outcome: Outcome, duration: Duration) {
        let output = order.worker.cut_all();
        self.schedule.failed();
        if let Some(test) = order.tests.pop_front() {
            let name = self.name(order.suite, test);
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
        follow_to_end(&mut self.process, &self.events);
    }
}

/// Forwards what happens in a process that was told to finish.
fn follow_to_end(process: &mut Process, events: &Events) {
    loop {
        match process.receive() {
            Received::Report(Report::Event { at, event, printed }) => {
                events.send_at(at, || with_output(event, printed, process));
            }
            Received::Report(Report::Hung { failure, .. }) => {
                process.kill();
                let _ = process.wait();
                return died_beside_tests(process, events, failure);
            }
            Received::Report(_) | Received::Passed(_) | Received::Nothing => {}
            Received::Gone => break,
        }
    }
    let ended = process.wait();
    if !matches!(&ended, Ok(status) if status.success()) {
        let how = match ended {
            Ok(status) => format!("the test process {}", ended_how(status)),
            Err(error) => error.to_string(),
        };
        died_beside_tests(process, events, Failure::new(FailureKind::Crash, how));
    }
}

/// A worker died in the teardown of a fixture that no test is charged with.
fn died_beside_tests(process: &mut Process, events: &Events, failure: Failure) {
    let ended = process.was_doing().and_then(|noted| {
        let error = noted.error(failure.clone());
        fixture_ended(process, noted.phase, &error)
    });
    events.send(|| match ended {
        Some(ended) => ended,
        None => {
            let what = "a worker died while it tore down its fixtures";
            let mut died = Failure::new(failure.kind, what);
            died.causes.push(failure.message);
            died.causes.extend(failure.causes);
            Event::ProcessFailed {
                failure: died,
                output: process.cut_all(),
            }
        }
    });
}

/// The end of the setup or teardown in which a worker died, if it was told that it begins.
fn fixture_ended(process: &mut Process, phase: Phase, error: &FixtureError) -> Option<Event> {
    let (fixture, duration) = process.take_fixture()?;
    let error = Some(error.clone());
    Some(match phase {
        Phase::Setup => Event::SetupFinished {
            fixture,
            error,
            skipped: None,
            duration,
            output: process.since_mark(process.printed_so_far()),
        },
        Phase::Teardown => Event::TeardownFinished {
            output: match fixture.scope {
                Scope::Test => process.since_mark(process.printed_so_far()),
                _ => process.cut_all(),
            },
            fixture,
            error,
            duration,
        },
    })
}

fn with_output(mut event: Event, printed: u64, process: &mut Process) -> Event {
    match &mut event {
        Event::TestFinished { output, .. } => *output = process.cut(printed),
        Event::SetupStarted { fixture } | Event::TeardownStarted { fixture } => {
            process.begin(fixture, printed);
        }
        // What the test's own fixtures print is part of its output.
        Event::TeardownFinished {
            output, fixture, ..
        } if fixture.scope > Scope::Test => {
            process.take_fixture();
            *output = process.cut(printed);
        }
        Event::SetupFinished { output, .. } | Event::TeardownFinished { output, .. } => {
            process.take_fixture();
            *output = process.since_mark(printed);
        }
        _ => {}
    }
    event
}
