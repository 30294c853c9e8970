//! Drop-in mode: `#[integration]` functions as plain `#[test]`s of a libtest binary.
//!
//! libtest chooses, orders, captures and reports; each test asks here for its fixtures. What is
//! wider than a test is set up on a thread of its own and torn down when the process exits.

use std::collections::HashMap;
use std::panic::resume_unwind;
use std::process;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::RecvTimeoutError;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Instant;

use crate::cli::{self, Args, Ignored, Parsed, Share};
use crate::condition::{Conditions, SkipDef};
use crate::def::TestDef;
use crate::event::TestName;
use crate::history::History;
use crate::outcome::{Failure, FailureKind, FixtureError, Outcome};
use crate::plan::{Plan, Verdict};
use crate::registry::{Registry, display_path};
use crate::run::events::Events;
use crate::run::executor::{Executor, Finished, required};
use crate::run::host::{Host, Session};
use crate::run::leaks::{self, Watch};
use crate::run::locks::Locks;
use crate::run::recorder::Recorder;
use crate::run::store::{Fetched, Holds, SetupStop, Shared, Upstream};
use crate::run::{END_LIMIT, FAILED, binary_id, exit, panic, refusal, say};

/// The state of a libtest process with `#[integration]` tests.
struct DropIn {
    shared: Shared,
    args: Args,
    by_name: HashMap<TestName, usize>,
    /// Those of one libtest test, where fixtures or files have several values.
    several: HashMap<String, Vec<usize>>,
    conditions: Mutex<Conditions>,
    locks: Arc<Locks>,
    session: Session,
    process: Arc<Host>,
    recorder: Mutex<Recorder>,
    binary: String,
    /// This process, in contrast to one that a test has forked.
    pid: u32,
}

static DROP_IN: OnceLock<Result<DropIn, String>> = OnceLock::new();

/// What a test's function does that libtest has called.
pub(crate) fn run_test(test: &'static TestDef) {
    run(test.module_path, test.name);
}

/// What a `#[test]` does that is not the test's function itself, but stands for an instance of it.
pub fn run(module_path: &'static str, name: &'static str) {
    static PLAN_REPORTED: AtomicBool = AtomicBool::new(false);
    #[cfg(unix)]
    if let Some(orders) = crate::session::host_if_asked() {
        host(orders);
    }
    match DROP_IN.get_or_init(DropIn::new) {
        Ok(drop_in) => drop_in.run(module_path, name),
        Err(problems) => {
            if PLAN_REPORTED.swap(true, Ordering::Relaxed) {
                eprintln!("error: not run: another test of this binary shows what is wrong");
            } else {
                eprintln!("{problems}");
            }
            fail();
        }
    }
}

/// What the run is called that this process of libtest is a part of, or is.
pub(crate) fn run_id() -> String {
    let drop_in = DROP_IN.get().and_then(|drop_in| drop_in.as_ref().ok());
    crate::run::run_id(drop_in.map_or_else(Share::default, |drop_in| drop_in.args.share))
}

/// libtest runs this one test so that the process becomes a session host.
#[cfg(unix)]
fn host(orders: crate::session::Orders) -> ! {
    let hosted = match crate::run::whole_plan() {
        Ok(plan) => crate::session::run_host(orders, plan).map_err(|error| error.to_string()),
        Err(error) => Err(error.to_string()),
    };
    if let Err(error) = &hosted {
        eprintln!("{error}");
    }
    process::exit(i32::from(hosted.is_err()))
}

/// Fails the running libtest test; what is wrong has been printed.
fn fail() -> ! {
    resume_unwind(Box::new("failed"))
}

impl DropIn {
    fn new() -> Result<DropIn, String> {
        panic::install_hook();
        #[cfg(unix)]
        crate::resource::sweep();
        let registry = Registry::collect();
        if let Some(main) = registry.main {
            say(&format!(
                "warning: `itest::main!()` has no effect: the target has libtest's harness\n  \
                 --> {}\n   = help: add `harness = false` to the target's `[[test]]` in Cargo.toml",
                main.location
            ));
        }
        // libtest has parsed the command line; only the environment is ours.
        let args = match cli::parse([], &|name| std::env::var_os(name)) {
            Ok(Parsed::Run(args)) => Args {
                ignored: Ignored::Include,
                ..*args
            },
            Ok(Parsed::Help(_)) => unreachable!("no arguments ask for help"),
            Err(error) => return Err(error.to_string()),
        };
        if let Some(refusal) = refusal(&args) {
            return Err(refusal);
        }
        // libtest decides which tests run: those that are not selected pass as skipped.
        let mut all = args.clone();
        all.select_all();
        let plan = Plan::new(&registry, &all).map_err(|error| error.to_string())?;
        let mut by_name = HashMap::with_capacity(plan.tests.len());
        let mut several: HashMap<String, Vec<usize>> = HashMap::new();
        for (index, test) in plan.tests.iter().enumerate() {
            // What is in brackets is known since this moment only.
            match test.name.split_once('[') {
                None => drop(by_name.insert(test.name.clone(), index)),
                Some((name, _)) => several.entry(name.to_owned()).or_default().push(index),
            }
        }
        let shared = Shared {
            plan: Arc::new(plan),
            events: Events::nowhere(),
            on_hung: Arc::new(|test, failure| hung(test, &failure)),
        };
        let binary = binary_id();
        let recorder = Recorder::new(History::load([&*binary]), &args);
        let session = Session::drop_in(&shared, &args)
            .map_err(|error| format!("error: there can be no session: {error}"))?;
        let process = Host::new(shared.clone(), Holds::Process, Some(session.upstream()));
        Ok(DropIn {
            shared,
            args,
            by_name,
            several,
            conditions: Mutex::default(),
            locks: Arc::default(),
            session,
            process: Arc::new(process),
            recorder: Mutex::new(recorder),
            binary,
            pid: process::id(),
        })
    }

    fn run(&'static self, module_path: &'static str, name: &'static str) {
        let name = display_path(module_path, name);
        let one = self.by_name.get(&*name).map(std::slice::from_ref);
        let tests = one.or_else(|| self.several.get(&name).map(Vec::as_slice));
        let tests = tests.expect("itest bug: a test is not in the plan");
        let mut failed = Vec::new();
        for &index in tests {
            let instance = &self.shared.plan.tests[index].name;
            if **instance != *name {
                println!("{instance}");
            }
            if !self.run_one(index) {
                failed.push(&**instance);
            }
        }
        if failed.is_empty() {
            return;
        }
        if tests.len() > 1 {
            eprintln!(
                "{} of {} failed: {}",
                failed.len(),
                tests.len(),
                failed.join(", ")
            );
        }
        fail();
    }

    /// Tells whether it is no failure.
    fn run_one(&'static self, index: usize) -> bool {
        let test = &self.shared.plan.tests[index];
        if !self
            .args
            .selects_marked(&test.name, || test.markers.clone())
        {
            println!("skipped: not among the selected tests");
            return true;
        }
        let verdict = {
            let mut conditions = self
                .conditions
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            self.shared.plan.verdict(test, &mut conditions, &self.args)
        };
        match verdict {
            Verdict::Run | Verdict::Ignored(_) | Verdict::LeftOut => {}
            Verdict::Skipped(reason) => {
                println!("skipped: {reason}");
                return true;
            }
            Verdict::NotRun(reason) => {
                println!("xfailed: [NOTRUN] {reason}");
                return true;
            }
            Verdict::Required(reason) => {
                eprintln!("Error: {}", required(&reason));
                return false;
            }
        }
        let _held = match self.session.acquire(&test.locks) {
            Ok(held) => held,
            Err(failure) => {
                eprintln!("Error: {failure}");
                return false;
            }
        };
        let mut executor = Executor::new(
            self.shared.clone(),
            Some(self.locks.clone()),
            self.args.require.clone(),
            Watch::new(&self.args, runs_alone()),
            Holds::Test,
            Some(Arc::new(Wider {
                session: self.session.upstream(),
                process: self.process.clone(),
                plan: self.shared.plan.clone(),
            })),
        );
        let started = Instant::now();
        let finished = executor.run(index);
        executor.finish();
        let mut recorder = self.recorder.lock().unwrap_or_else(PoisonError::into_inner);
        let (outcome, attempts) = (&finished.outcome, finished.attempts);
        let duration = started.elapsed();
        recorder.test(&self.binary, &test.name, outcome, attempts, duration);
        drop(recorder);
        report(&test.name, &finished);
        !finished.outcome.is_failure() && finished.teardown_errors.is_empty()
    }

    /// Tears down what is wider than a test; libtest has reported, so an error here can only be
    /// printed and change the exit code; tells whether there was one.
    fn end(&self) -> bool {
        let mut recorder = self.recorder.lock().unwrap_or_else(PoisonError::into_inner);
        recorder.finish(true);
        drop(recorder);
        let mut failed = false;
        // The process's fixtures first: they build on the session's.
        let limit = Some(END_LIMIT);
        let of_process = || {
            let errors = self.process.end(limit)?;
            Ok(errors.iter().map(teardown_text).collect())
        };
        for end in [
            &of_process as &dyn Fn() -> Result<Vec<_>, RecvTimeoutError>,
            &|| self.session.end(limit),
        ] {
            match end() {
                Ok(errors) => {
                    for text in errors {
                        failed = true;
                        say(&text);
                    }
                }
                Err(_) => {
                    failed = true;
                    say("Error: fixtures were not torn down in time");
                }
            }
        }
        failed
    }
}

/// Ends the process from within its exit.
#[expect(
    unsafe_code,
    reason = "std's `exit` must not be called while the process exits"
)]
fn exit_now(code: i32) -> ! {
    unsafe extern "C" {
        safe fn _exit(code: i32) -> !;
    }
    _exit(code)
}

/// Session values from the session's host, what else is wider than a test from the process's.
struct Wider {
    session: Arc<dyn Upstream>,
    process: Arc<Host>,
    plan: Arc<Plan>,
}

impl Upstream for Wider {
    fn fetch(&self, node: crate::plan::NodeId, test: usize) -> Result<Fetched, SetupStop> {
        match self.plan.node(node).def.scope {
            crate::Scope::Session => self.session.fetch(node, test),
            _ => self.process.fetch(node, test),
        }
    }
}

/// Whether no other test runs in this process at the same time, as far as can be seen.
fn runs_alone() -> bool {
    if crate::report::run_of_processes().is_some() {
        return true;
    }
    let words: Vec<String> = std::env::args().collect();
    let one = |words: &[String]| *words == ["--test-threads", "1"];
    words.iter().any(|word| word == "--test-threads=1")
        || words.windows(2).any(one)
        || std::env::var_os("RUST_TEST_THREADS").is_some_and(|threads| threads == "1")
}

/// Prints what libtest shall show.
fn report(test: &TestName, finished: &Finished) {
    match &finished.outcome {
        Outcome::Passed => {}
        Outcome::Skipped { reason } => println!("skipped: {reason}"),
        Outcome::Xfailed { reason } => println!("xfailed: {reason}"),
        Outcome::Xpassed { reason } => println!("xpassed: {reason}"),
        Outcome::Failed { failure } => print_failure(failure),
        Outcome::Error { error } => eprintln!("{}", error_text("setup", error)),
    }
    if !finished.leaks.is_empty() {
        eprintln!("warning: `{test}`: {}", leaks::told(&finished.leaks));
    }
    for error in &finished.teardown_errors {
        eprintln!("error at teardown of `{test}`");
        eprintln!("{}", error_text("teardown", error));
    }
}

fn print_failure(failure: &Failure) {
    let place = failure.location.as_ref();
    let place = place.map_or_else(String::new, |place| format!("\n  --> {place}"));
    match failure.kind {
        // The panic hook has printed it.
        FailureKind::Panic => {}
        FailureKind::Expectation => println!("note: {failure}{place}"),
        FailureKind::Error
        | FailureKind::Timeout
        | FailureKind::Crash
        | FailureKind::Interrupted
        | FailureKind::Misuse => {
            eprintln!("Error: {failure}{place}");
        }
    }
}

/// An error of a teardown that has no test to be told with.
pub(crate) fn teardown_text(error: &FixtureError) -> String {
    error_text("teardown", error)
}

fn error_text(phase: &str, error: &FixtureError) -> String {
    let earlier = if error.remembered {
        ", for an earlier test"
    } else {
        ""
    };
    let mut text = format!(
        "Error: fixture `{}` failed in {phase}{earlier}\n  --> {}",
        error.fixture, error.location
    );
    for failure in &error.failures {
        text.push_str(&format!("\n  caused by: {failure}"));
    }
    text
}

/// A test or fixture that does not yield: only the end of the process stops it.
fn hung(test: &TestName, failure: &Failure) {
    say(&format!(
        "\nError: test `{test}`: {failure}\n  it does not yield, so the test process ends here"
    ));
    exit::expected();
    process::exit(i32::from(FAILED));
}

dtor::declarative::dtor! {
    // SAFETY: only channels and a mutex of our own are used here, and stderr, fallibly; the
    // fixtures run on threads that still live while the process exits.
    #[dtor(unsafe)]
    fn tear_down_at_exit() {
        let mut failed = match DROP_IN.get() {
            Some(Ok(drop_in)) if drop_in.pid == process::id() => drop_in.end(),
            _ => false,
        };
        if exit::is_called_by_a_test() {
            failed = true;
            let test = panic::what_runs().unwrap_or_else(|| "a test".into());
            say(&format!("Error: `exit` was called in the middle of `{test}`"));
        }
        crate::resource::finish();
        if failed {
            exit_now(i32::from(FAILED));
        }
    }
}

/// What `#[skip_if]` on a plain `#[test]` does first: prints the reason of the first condition
/// that holds, and tells whether one does.
///
/// # Panics
/// When `ITEST_REQUIRE` does not accept the skip.
pub fn skip_plain_test(skips: &'static [SkipDef]) -> bool {
    let mut conditions = Conditions::default();
    let Some(skip) = conditions.first_that_holds(skips) else {
        return false;
    };
    let args = match cli::parse([], &|name| std::env::var_os(name)) {
        Ok(Parsed::Run(args)) => args,
        Ok(Parsed::Help(_)) | Err(_) => return true,
    };
    assert!(
        !args.require.covers(&skip.condition.subjects()),
        "{}",
        required(&skip.reason())
    );
    println!("skipped: {}", skip.reason());
    true
}
