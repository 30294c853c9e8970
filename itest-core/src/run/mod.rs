//! Running a plan: `main`, the dispatcher, and the executors that it keeps busy.

pub(crate) mod events;
pub(crate) mod executor;
pub(crate) mod host;
pub(crate) mod locks;
pub(crate) mod panic;
mod runtime;
mod schedule;
pub(crate) mod store;
mod watchdog;

use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, TryRecvError};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use self::events::{Events, Message};
use self::executor::{Executor, required};
use self::host::Host;
use self::locks::Locks;
use self::schedule::Schedule;
use self::store::{Holds, Shared};
use crate::cli::{self, Args, Parsed};
use crate::condition::Conditions;
use crate::def::MainDef;
use crate::event::Event;
use crate::outcome::Outcome;
use crate::plan::{Plan, PlannedTest, Verdict, available_threads};
use crate::registry::Registry;
use crate::report::{self, Listed, Reporter, Tally};

/// libtest's exit code for failed tests, and for a command line or plan that cannot be run.
pub(crate) const FAILED: u8 = 101;

/// After which a running test is reported as slow, as in libtest.
const SLOW: Duration = Duration::from_secs(60);

/// How long fixtures that others share may take to tear down when the process must end.
pub(crate) const END_LIMIT: Duration = Duration::from_secs(10);

/// What `itest::main!()` expands to.
pub fn main(def: &'static MainDef) -> ExitCode {
    match run(def) {
        Ok(code) => code,
        // Nobody reads the list, or the report, any more.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::from(FAILED),
        Err(error) => {
            say(&format!("error: cannot write the report: {error}"));
            ExitCode::from(FAILED)
        }
    }
}

fn run(def: &'static MainDef) -> io::Result<ExitCode> {
    let args = match cli::parse(std::env::args_os(), &|name| std::env::var_os(name)) {
        Ok(Parsed::Run(args)) => args,
        Ok(Parsed::Help(help)) => {
            io::stdout().write_all(help.as_bytes())?;
            return Ok(ExitCode::SUCCESS);
        }
        Err(error) => {
            say(&error.to_string());
            return Ok(ExitCode::from(FAILED));
        }
    };
    let registry = Registry::collect();
    // A runner that starts a process for each test has listed the binary before.
    let warned = if args.exact { &[] } else { def.plain_tests };
    for plain in warned {
        say(&format!(
            "warning: `{}` is a plain `#[test]`, which does not run in full mode\n  --> {}:{}\n   \
             = help: write `#[integration]` instead, or move it to a target without \
             `harness = false`",
            plain.name, plain.file, plain.line
        ));
    }
    let plan = match Plan::new(&registry, &args) {
        Ok(plan) => plan,
        Err(error) => {
            say(&error.to_string());
            return Ok(ExitCode::from(FAILED));
        }
    };
    if args.list {
        list(&plan, &args)?;
        return Ok(ExitCode::SUCCESS);
    }
    panic::install_hook();
    dispatch(plan, &args)
}

/// Prints to stderr, if it is there.
pub(crate) fn say(text: &str) {
    let _ = writeln!(io::stderr(), "{text}");
}

/// Each test of the plan with its verdict, those left out left out.
fn verdicts<'a>(plan: &'a Plan, args: &Args) -> Vec<(usize, &'a PlannedTest, Verdict)> {
    let mut conditions = Conditions::default();
    let tests = plan.tests.iter().enumerate();
    tests
        .map(|(index, test)| (index, test, plan.verdict(test, &mut conditions, args)))
        .filter(|(_, _, verdict)| *verdict != Verdict::LeftOut)
        .collect()
}

/// What `--list` shows: like libtest, `#[ignore]`d tests are ignored whatever else was asked for.
fn list(plan: &Plan, args: &Args) -> io::Result<()> {
    let verdicts = verdicts(plan, args);
    let listed: Vec<Listed<'_>> = verdicts
        .iter()
        .map(|(_, test, verdict)| Listed {
            name: &test.name,
            function: test.def.name,
            ignored: test.def.ignore.is_some() || matches!(verdict, Verdict::Skipped(_)),
            reason: match verdict {
                Verdict::Skipped(reason) => reason,
                _ => test.def.ignore.unwrap_or_default(),
            },
            location: test.def.location,
        })
        .collect();
    report::list(args, &listed, &mut io::stdout().lock())
}

/// The test target's name: the file's, without the hash that cargo puts behind it.
fn binary_name() -> String {
    let exe = std::env::current_exe().unwrap_or_default();
    let stem = exe.file_stem().unwrap_or_default().to_string_lossy();
    match stem.rsplit_once('-') {
        Some((name, hash)) if hash.len() == 16 && hash.bytes().all(|b| b.is_ascii_hexdigit()) => {
            name.to_owned()
        }
        _ => stem.into_owned(),
    }
}

/// Runs the plan and reports; the exit code tells whether all went well.
fn dispatch(plan: Plan, args: &Args) -> io::Result<ExitCode> {
    let started = Instant::now();
    let mut run = Run {
        reporter: report::reporter(
            args,
            &binary_name(),
            io::stdout().is_terminal(),
            Box::new(io::stdout()),
        )?,
        tally: Tally::default(),
        write_error: None,
        failed: false,
    };
    let verdicts = verdicts(&plan, args);
    run.event(&Event::RunStarted {
        tests: verdicts.len(),
        filtered_out: plan.filtered_out + plan.tests.len() - verdicts.len(),
        shuffle_seed: args.shuffle,
    });
    let mut ready = Vec::new();
    for (index, test, verdict) in verdicts {
        let ignored = |reason, skipped| Event::TestIgnored {
            test: test.name.clone(),
            reason,
            skipped,
        };
        let finished = |outcome| Event::TestFinished {
            test: test.name.clone(),
            outcome,
            attempts: 1,
            teardown_errors: Vec::new(),
            duration: Duration::ZERO,
            output: String::new(),
        };
        match verdict {
            Verdict::Run | Verdict::LeftOut => ready.push(index),
            Verdict::Ignored(reason) => run.event(&ignored(reason, false)),
            Verdict::Skipped(reason) => run.event(&ignored(reason, true)),
            Verdict::NotRun(reason) => run.event(&finished(Outcome::Xfailed {
                reason: format!("[NOTRUN] {reason}"),
            })),
            Verdict::Required(reason) => run.event(&finished(Outcome::Failed {
                failure: required(&reason),
            })),
        }
    }
    let wanted = args
        .test_threads
        .map_or_else(available_threads, |n| n.get());
    let threads = wanted.min(ready.len()).max(1);
    let plan = Arc::new(plan);
    let schedule = Schedule::new(&plan, ready, threads, args.shuffle);

    let (sender, messages) = mpsc::channel();
    let hung = sender.clone();
    let shared = Shared {
        plan,
        events: Events::to(sender),
        on_hung: Arc::new(move |test, failure| {
            let test = test.clone();
            let _ = hung.send(Message::Hung { test, failure });
        }),
    };
    let session = Arc::new(Host::new(shared.clone(), Holds::Session, None));
    let crew = Arc::new(Crew {
        shared,
        schedule: Mutex::new(schedule),
        locks: Arc::default(),
        session: session.clone(),
        stop: AtomicBool::new(false),
        args: args.clone(),
    });
    for number in 0..threads {
        let crew = crew.clone();
        thread::Builder::new()
            .name(format!("itest-worker-{number}"))
            .spawn(move || crew.work())?;
    }
    let hung = run.follow(&messages, threads, &crew, args.fail_fast);
    let ended = session.end(hung.then_some(END_LIMIT));
    if ended.is_err() {
        say("error: the session fixtures were not torn down in time");
        run.failed = true;
    }
    run.drain(&messages);
    run.event(&Event::RunFinished {
        duration: started.elapsed(),
        interrupted: hung || crew.stop.load(Ordering::Relaxed),
    });
    run.finish()
}

/// What the executors share.
struct Crew {
    shared: Shared,
    schedule: Mutex<Schedule>,
    locks: Arc<Locks>,
    session: Arc<Host>,
    stop: AtomicBool,
    args: Args,
}

impl Crew {
    /// One executor's life.
    fn work(&self) {
        let mut executor = Executor::new(
            self.shared.clone(),
            self.locks.clone(),
            self.args.require.clone(),
            Holds::Worker,
            self.session.clone(),
        );
        let mut part = Vec::new().into_iter();
        while !self.stop.load(Ordering::Relaxed) {
            let next = part.next().or_else(|| {
                part = self.next_part()?.into_iter();
                part.next()
            });
            let Some(index) = next else { break };
            executor.run(index);
        }
        executor.finish();
        self.shared.events.message(Message::ExecutorDone);
    }

    fn next_part(&self) -> Option<Vec<usize>> {
        let mut schedule = self.schedule.lock().unwrap_or_else(PoisonError::into_inner);
        schedule.next()
    }
}

/// The reporting side of a run.
struct Run {
    reporter: Box<dyn Reporter>,
    tally: Tally,
    /// The first one; the run goes on, and fails.
    write_error: Option<io::Error>,
    /// Something went wrong that no event tells.
    failed: bool,
}

impl Run {
    fn event(&mut self, event: &Event) {
        self.tally.event(event);
        let result = self.reporter.event(event);
        self.note(result);
    }

    fn note(&mut self, result: io::Result<()>) {
        if let Err(error) = result {
            self.write_error.get_or_insert(error);
        }
    }

    /// Reports until all executors are done; tells whether one hangs.
    fn follow(
        &mut self,
        messages: &Receiver<Message>,
        mut executors: usize,
        crew: &Crew,
        fail_fast: bool,
    ) -> bool {
        let mut running: Vec<(crate::event::TestName, Instant, bool)> = Vec::new();
        while executors > 0 {
            let message = match messages.try_recv() {
                Ok(message) => Some(message),
                Err(TryRecvError::Disconnected) => return false,
                Err(TryRecvError::Empty) => {
                    let result = self.reporter.flush();
                    self.note(result);
                    let due = running.iter().filter(|(_, _, told)| !told);
                    let due = due.map(|(_, started, _)| *started + SLOW).min();
                    match due {
                        None => messages.recv().ok(),
                        Some(due) => messages
                            .recv_timeout(due.saturating_duration_since(Instant::now()))
                            .ok(),
                    }
                }
            };
            match message {
                None => self.tell_slow(&mut running),
                Some(Message::ExecutorDone) => executors -= 1,
                Some(Message::Hung { test, failure }) => {
                    self.hung(crew, &test, failure);
                    return true;
                }
                Some(Message::Event(event)) => {
                    match &event {
                        Event::TestStarted { test } => {
                            running.push((test.clone(), Instant::now(), false));
                        }
                        Event::TestFinished { test, outcome, .. } => {
                            running.retain(|(name, ..)| name != test);
                            if fail_fast && outcome.is_failure() {
                                crew.stop.store(true, Ordering::Relaxed);
                            }
                        }
                        _ => {}
                    }
                    self.event(&event);
                }
            }
        }
        false
    }

    fn tell_slow(&mut self, running: &mut [(crate::event::TestName, Instant, bool)]) {
        for (test, started, told) in running {
            if !*told && started.elapsed() >= SLOW {
                *told = true;
                self.event(&Event::TestSlow {
                    test: test.clone(),
                    elapsed: started.elapsed(),
                });
            }
        }
    }

    /// One thread cannot be stopped: its test fails, the others' results stand, the process ends.
    fn hung(
        &mut self,
        crew: &Crew,
        test: &crate::event::TestName,
        mut failure: crate::outcome::Failure,
    ) {
        crew.stop.store(true, Ordering::Relaxed);
        failure.causes.push(
            "it does not yield, so the test process ends here; tests that had not run are not \
             counted"
                .to_owned(),
        );
        self.event(&executor::hung(test, failure));
    }

    fn drain(&mut self, messages: &Receiver<Message>) {
        for message in messages.try_iter() {
            if let Message::Event(event) = message {
                self.event(&event);
            }
        }
    }

    fn finish(mut self) -> io::Result<ExitCode> {
        let result = self.reporter.flush();
        self.note(result);
        let failed = self.failed || !self.tally.is_success();
        match self.write_error {
            Some(error) => Err(error),
            None if failed => Ok(ExitCode::from(FAILED)),
            None => Ok(ExitCode::SUCCESS),
        }
    }
}
