//! [`Executor`]: runs one test after the other, with its fixtures.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use super::leaks::{self, Leaked, Watch};
use super::locks::Locks;
use super::panic::{Stop, running};
use super::runtime::{self, On, timed_out};
use super::store::{For, Holds, SetupStop, Shared, Store, Upstream, teardown_failure};
use super::watchdog::{GRACE, WatchGuard, watch};
use super::{exit, interrupt};
use crate::builtin::Request;
use crate::call::{Said, call};
use crate::cli::Require;
use crate::def::Flavor;
use crate::event::{Event, Leak, TestName};
use crate::outcome::{Failure, FailureKind, FixtureError, Outcome};
use crate::plan::{Plan, PlannedTest};
use crate::value::Args;

/// Runs tests on the thread that calls it.
pub(crate) struct Executor {
    shared: Shared,
    /// `None` where somebody else holds the tests' locks.
    locks: Option<Arc<Locks>>,
    require: Require,
    watch: Watch,
    store: Store,
}

/// How a test ended, its own fixtures' teardown included.
#[derive(Debug)]
pub(crate) struct Finished {
    pub(crate) outcome: Outcome,
    pub(crate) teardown_errors: Vec<FixtureError>,
    pub(crate) attempts: u32,
    /// Left behind, and only warned of.
    pub(crate) leaks: Vec<Leak>,
}

impl Executor {
    pub(crate) fn new(
        shared: Shared,
        locks: Option<Arc<Locks>>,
        require: Require,
        watch: Watch,
        holds: Holds,
        upstream: Option<Arc<dyn Upstream>>,
    ) -> Self {
        Executor {
            store: Store::new(shared.clone(), holds, upstream),
            shared,
            locks,
            require,
            watch,
        }
    }

    /// From now on, tests are those of that plan; so far only [`run_plain`](Self::run_plain) was
    /// used.
    #[cfg(unix)]
    pub(crate) fn follow(&mut self, plan: Arc<Plan>, upstream: Arc<dyn Upstream>) {
        self.shared.plan = plan.clone();
        self.store.follow(plan, upstream);
    }

    /// Runs a test of the plan.
    pub(crate) fn run(&mut self, index: usize) -> Finished {
        let plan: Arc<Plan> = self.shared.plan.clone();
        self.run_test(&plan.tests[index], index)
    }

    /// Runs a test without fixtures, whatever the plan has.
    #[cfg(unix)]
    pub(crate) fn run_plain(&mut self, test: &PlannedTest) -> Finished {
        // The number is for fixtures that come from elsewhere.
        self.run_test(test, usize::MAX)
    }

    /// Runs the test and sends its events; tears down before it what it does not share.
    fn run_test(&mut self, test: &PlannedTest, index: usize) -> Finished {
        self.leave(Some(test));
        let events = self.shared.events.clone();
        events.send_start(|| Event::TestStarted {
            test: test.name.clone(),
        });
        let started = Instant::now();
        let locks = self.locks.clone();
        let held = locks.as_ref().map(|locks| locks.acquire(&test.locks));
        let _under_way = exit::under_way();
        self.watch.begin(test);
        let mut attempt = 1;
        let mut teardown_errors = Vec::new();
        let mut finished = loop {
            let (outcome, mut errors) = self.attempt(test, index, attempt);
            teardown_errors.append(&mut errors);
            let last = attempt > test.retries
                || !outcome.is_failure()
                || interrupt::interrupted().is_some();
            if last {
                break Finished {
                    outcome,
                    teardown_errors,
                    attempts: attempt,
                    leaks: Vec::new(),
                };
            }
            events.send(|| Event::AttemptFailed {
                test: test.name.clone(),
                attempt,
                outcome,
            });
            attempt += 1;
        };
        let leaked = self.watch.end(test);
        finished.charge(test, leaked);
        if !finished.leaks.is_empty() {
            events.send(|| Event::TestLeaked {
                test: test.name.clone(),
                leaks: finished.leaks.clone(),
            });
        }
        drop(held);
        if finished.is_plain_pass() && events.send_passed_now(started.elapsed()) {
            return finished;
        }
        events.send(|| Event::TestFinished {
            test: test.name.clone(),
            outcome: finished.outcome.clone(),
            attempts: finished.attempts,
            teardown_errors: finished.teardown_errors.clone(),
            duration: started.elapsed(),
            output: String::new(),
        });
        finished
    }

    /// Tears down everything that is left.
    pub(crate) fn finish(&mut self) {
        self.leave(None);
    }

    /// Tears down what the next test does not share.
    fn leave(&mut self, next: Option<&PlannedTest>) {
        self.store.leave(next);
        for event in self.watch.late() {
            self.shared.events.send(|| event);
        }
    }

    fn attempt(
        &mut self,
        test: &PlannedTest,
        index: usize,
        attempt: u32,
    ) -> (Outcome, Vec<FixtureError>) {
        let threads = self.shared.plan.runtime_threads;
        if test.is_async {
            runtime::start(threads);
        }
        let own =
            (test.flavor == Some(Flavor::CurrentThread) && test.is_async).then(runtime::private);
        let on = match &own {
            Some(runtime) => On::Private(runtime),
            None => On::Shared { threads },
        };
        if test.needs_nothing() {
            // Nobody asks for its request either.
            let outcome = self.judge(test, Ok(self.call(test, Args::default(), on)));
            if outcome.is_failure() {
                FAILURES.fetch_add(1, Ordering::Relaxed);
            }
            return (outcome, Vec::new());
        }
        let user = For {
            test,
            index,
            attempt,
            on,
        };
        let request = Request::for_test(user, self.shared.events.clone());
        let result = self.set_up_and_call(user, &request);
        let outcome = self.judge(test, result);
        FAILED.set(outcome.is_failure());
        if outcome.is_failure() {
            FAILURES.fetch_add(1, Ordering::Relaxed);
        }
        let mut errors = Vec::new();
        if let Some(error) = self.run_finalizers(test, &request, on) {
            errors.push(error);
        }
        errors.append(&mut self.store.end_test(on));
        FAILED.set(false);
        if test.xfail.is_some() {
            // As in pytest, a failing teardown is expected too.
            errors.clear();
        }
        (outcome, errors)
    }

    fn set_up_and_call(
        &mut self,
        user: For<'_>,
        request: &Request,
    ) -> Result<Result<(), Stop>, SetupStop> {
        let test = user.test;
        for &node in &test.setup {
            self.store.ensure(node, user)?;
        }
        let args = self.store.args(
            test.def.params,
            &test.args,
            test.chosen.clone(),
            request,
            user,
        )?;
        Ok(self.call(test, args, user.on))
    }

    fn call(&self, test: &PlannedTest, args: Args, on: On<'_>) -> Result<(), Stop> {
        self.shared.events.send_call(|| Event::CallStarted {
            test: test.name.clone(),
        });
        let _watch = self.watch(test);
        let _running = running(&test.name);
        run_body(test, args, on)
    }

    fn watch(&self, test: &PlannedTest) -> Option<WatchGuard> {
        let limit = test.timeout?;
        let grace = if test.def.is_async {
            GRACE
        } else {
            Duration::ZERO
        };
        let (on_hung, name) = (self.shared.on_hung.clone(), test.name.clone());
        Some(watch(limit + grace, move || {
            on_hung(&name, timed_out(limit));
        }))
    }

    /// Clean-up that the test deferred itself.
    fn run_finalizers(
        &self,
        test: &PlannedTest,
        request: &Request,
        on: On<'_>,
    ) -> Option<FixtureError> {
        if !request.has_left_anything() {
            return None;
        }
        let mut failures = Vec::new();
        while let Some(finalizer) = request.next_finalizer() {
            let _running = running(&test.name);
            let result = on.block_on(test.timeout, finalizer);
            failures.extend(result.err().map(teardown_failure));
        }
        failures.extend(request.clean_resources());
        failures.reverse();
        (!failures.is_empty()).then(|| of_test(test, failures))
    }

    fn judge(&self, test: &PlannedTest, result: Result<Result<(), Stop>, SetupStop>) -> Outcome {
        let called = match result {
            Ok(called) => called,
            Err(SetupStop::Xfailed(reason)) => return Outcome::Xfailed { reason },
            Err(SetupStop::Skipped {
                name,
                reason,
                place: mut error,
            }) => {
                if !self.require.covers(&[&name]) {
                    return Outcome::Skipped { reason };
                }
                error.failures.push(required(&reason));
                return Outcome::Error { error: *error };
            }
            Err(SetupStop::Failed(error)) => {
                return match test.xfail {
                    Some(xfail) => expected_failure(xfail.reason),
                    None => Outcome::Error { error },
                };
            }
        };
        let called = match called {
            Ok(()) => Ok(()),
            Err(Stop::Skipped(reason)) => return Outcome::Skipped { reason },
            Err(Stop::Xfailed(reason)) => return Outcome::Xfailed { reason },
            Err(Stop::Failed(failure)) => Err(failure),
        };
        let judged = match test.should_panic {
            Some(should_panic) => panicked(called, should_panic.expected),
            None => called,
        };
        match (judged, test.xfail) {
            (Ok(()), None) => Outcome::Passed,
            (Err(failure), None) => failed(located(failure, test)),
            (Err(_), Some(xfail)) => expected_failure(xfail.reason),
            (Ok(()), Some(xfail)) if xfail.strict == Some(true) => {
                let said = format!("[XPASS(strict)] {}", xfail.reason);
                failed(located(Failure::new(FailureKind::Expectation, said), test))
            }
            (Ok(()), Some(xfail)) => Outcome::Xpassed {
                reason: xfail.reason.to_owned(),
            },
        }
    }
}

impl Finished {
    /// It passed, and there is nothing more to say.
    fn is_plain_pass(&self) -> bool {
        matches!(self.outcome, Outcome::Passed)
            && self.attempts == 1
            && self.teardown_errors.is_empty()
    }

    /// What must not be left behind fails a test that passed. Of one that did not, it is told.
    fn charge(&mut self, test: &PlannedTest, leaked: Leaked) {
        let Leaked { warned, denied } = leaked;
        self.leaks = warned;
        if denied.is_empty() {
            return;
        }
        let failure = leaks::failure(&test.def.location.to_string(), &denied);
        match self.outcome {
            Outcome::Passed => {
                self.outcome = failed(failure);
                FAILURES.fetch_add(1, Ordering::Relaxed);
            }
            Outcome::Skipped { .. } => self.teardown_errors.push(of_test(test, vec![failure])),
            _ => self.leaks.extend(denied),
        }
    }
}

/// An error in what the test itself has to tear down.
fn of_test(test: &PlannedTest, failures: Vec<Failure>) -> FixtureError {
    FixtureError {
        fixture: test.name.to_string(),
        location: test.def.location.to_string(),
        chain: Vec::new(),
        remembered: false,
        failures,
    }
}

thread_local! {
    static FAILED: std::cell::Cell<bool> = const { std::cell::Cell::new(false) };
}

/// Whether the test has failed whose fixtures are torn down on this thread.
pub(crate) fn test_failed() -> bool {
    FAILED.get()
}

/// How many attempts of tests have failed in this process.
static FAILURES: AtomicUsize = AtomicUsize::new(0);

/// How many attempts of tests have failed in this process so far.
pub(crate) fn failures() -> usize {
    FAILURES.load(Ordering::Relaxed)
}

/// Calls the body of a test; an async one makes its future and hands it back to be run.
///
/// The body drops the future, so it is in the runtime's context all the time.
fn run_body(test: &PlannedTest, args: Args, on: On<'_>) -> Result<(), Stop> {
    let mut result = Ok(());
    let mut listener = |said: Said<'_>| {
        result = match said {
            Said::Future(future) => on.block_on_or_cancel(test.timeout, future),
            Said::Returned(returned) => returned.map_err(Stop::Failed),
        };
    };
    let called = on.enter(|| {
        call(test.def, args, &mut listener);
        Ok(())
    });
    result.and(called)
}

fn expected_failure(reason: &str) -> Outcome {
    Outcome::Xfailed {
        reason: reason.to_owned(),
    }
}

/// A panic has its own place; of other failures that of the test is the best there is.
fn located(mut failure: Failure, test: &PlannedTest) -> Failure {
    use FailureKind::{Error, Expectation, Timeout};
    if let Error | Expectation | Timeout = failure.kind {
        failure.location = Some(test.def.location.to_string());
    }
    failure
}

fn failed(failure: Failure) -> Outcome {
    Outcome::Failed { failure }
}

/// Of a skip that `--require` does not accept.
pub(crate) fn required(reason: &str) -> Failure {
    let mut failure = Failure::new(
        FailureKind::Expectation,
        format!("required here, but it would be skipped: {reason}"),
    );
    failure
        .causes
        .push("`--require` (or `ITEST_REQUIRE`) makes this skip a failure".to_owned());
    failure
}

/// Turns the result of a `#[should_panic]` test round, in libtest's words.
fn panicked(called: Result<(), Failure>, expected: Option<&str>) -> Result<(), Failure> {
    let expectation = |message| Failure::new(FailureKind::Expectation, message);
    match (called, expected) {
        (Ok(()), _) => Err(expectation("test did not panic as expected".to_owned())),
        (Err(failure), _) if failure.kind != FailureKind::Panic => Err(failure),
        (Err(failure), Some(expected)) if !failure.message.contains(expected) => {
            Err(expectation(format!(
                "panic did not contain expected string\n      panic message: {:?}\n \
                 expected substring: {expected:?}",
                failure.message
            )))
        }
        (Err(_), _) => Ok(()),
    }
}

impl std::fmt::Debug for Executor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Executor")
    }
}

/// The end of a test that no executor can tell of.
pub(crate) fn finished(
    test: TestName,
    outcome: Outcome,
    duration: Duration,
    output: String,
) -> Event {
    Event::TestFinished {
        test,
        outcome,
        attempts: 1,
        teardown_errors: Vec::new(),
        duration,
        output,
    }
}
