//! The dispatcher: hands the suites to a [`Crew`] and its events to the reporters.
//!
//! It runs no user code, so whatever happens to a test, the report is complete.

use std::collections::HashMap;
use std::io::{self, IsTerminal, Write};
use std::num::NonZeroUsize;
use std::process::{Command, ExitCode};
use std::sync::mpsc::TryRecvError;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use super::FAILED;
use super::events::{Clock, Events, Message};
use super::executor::{finished, required};
#[cfg(unix)]
use super::process::Processes;
use super::recorder::Recorder;
use super::schedule::{Known, Manner, Schedule};
use super::suite::{Suite, SuiteTest};
use super::threads::Threads;
use super::{exit, interrupt};
use crate::channel::{self, Receiver, Sender};
use crate::cli::{Args, Setup};
use crate::event::{BinaryId, Event, Record, RunInfo, TestId, TestName};
use crate::history::History;
use crate::outcome::{Failure, FailureKind, Outcome};
use crate::plan::{Plan, Verdict, available_threads};
use crate::report::{self, Reporter, Tally};
use crate::thread;

/// How long fixtures that others share may take to tear down when the process must end.
pub(crate) const END_LIMIT: Duration = Duration::from_secs(10);

/// Who runs the tests.
pub(super) trait Crew: Send + Sync {
    /// The life of one of its threads, which are numbered from 0.
    fn work(&self, number: usize);

    /// Starts no more tests.
    fn stop(&self);

    /// Whether that has been said.
    fn is_stopped(&self) -> bool;

    /// Makes a process that is about to be started a part of the run.
    fn join(&self, command: &mut Command);

    /// Tears down the session fixtures; tells whether that came to an end.
    fn finish(&self, hung: bool) -> bool;
}

/// What there is to run.
#[derive(Default)]
pub(crate) struct Job {
    /// Binaries whose tests are handed out to the crew.
    pub(crate) suites: Vec<Suite>,
    /// Binaries that run by themselves, one after the other, before that.
    pub(crate) alone: Vec<Box<dyn Alone>>,
    pub(crate) broken: Vec<Broken>,
}

/// A binary that cannot run.
#[derive(Debug)]
pub(crate) struct Broken {
    pub(crate) id: BinaryId,
    pub(crate) failure: Failure,
    /// What it printed.
    pub(crate) output: String,
}

impl Job {
    fn binaries(&self) -> impl Iterator<Item = &BinaryId> {
        let broken = self.broken.iter().map(|broken| &broken.id);
        let alone = self.alone.iter().map(|alone| alone.id());
        broken
            .chain(alone)
            .chain(self.suites.iter().map(|suite| &suite.id))
    }

    /// What is known of the suites' tests.
    fn history(&self) -> History {
        let suites = self.suites.iter().map(|suite| &*suite.id);
        let first = self.suites.first().and_then(|suite| suite.launch.program());
        match first {
            Some(program) => History::load_beside(program, suites),
            None => History::load(suites),
        }
    }

    /// The only binary, or the empty ID.
    fn only(&self) -> BinaryId {
        let mut all = self.binaries();
        match (all.next(), all.next()) {
            (Some(only), None) => only.clone(),
            _ => "".into(),
        }
    }
}

/// A binary that runs by itself.
pub(crate) trait Alone: Send {
    fn id(&self) -> &BinaryId;

    /// Its tests that are selected.
    fn tests(&self) -> &[TestName];

    /// How many are not.
    fn filtered_out(&self) -> usize;

    /// Runs it to its end, or to the run's; tells whether all went well.
    ///
    /// `join` makes a process that is about to be started a part of the run.
    fn run(&self, events: &Events, join: &dyn Fn(&mut Command)) -> bool;
}

/// Who shall run them.
pub(crate) enum CrewKind {
    /// This process: the plan of the only suite.
    Threads(Arc<Plan>),
    /// Worker processes.
    Processes,
}

/// What a crew has to do.
pub(super) struct Work {
    pub(super) suites: Vec<Suite>,
    pub(super) schedule: Arc<Schedule>,
    /// How many there are.
    pub(super) executors: usize,
    /// Session fixtures are set up at the start.
    #[cfg_attr(
        not(unix),
        expect(dead_code, reason = "there are no worker processes here")
    )]
    pub(super) early_setup: bool,
    /// Other processes may join the run.
    #[cfg_attr(
        not(unix),
        expect(dead_code, reason = "there are no worker processes here")
    )]
    pub(super) is_joined: bool,
    /// Of no binary.
    pub(super) events: Events,
    pub(super) clock: Clock,
}

/// Prints to stderr, if it is there.
pub(crate) fn say(text: &str) {
    report::live::clear();
    let _ = writeln!(io::stderr(), "{text}");
}

/// Runs the tests and reports; the exit code tells whether all went well.
pub(crate) fn dispatch(mut job: Job, args: &Args, kind: CrewKind) -> io::Result<ExitCode> {
    let clock = Clock::start();
    interrupt::watch(|signal| {
        if interrupt::interrupted().is_some() {
            report::live::clear();
            exit::expected();
            std::process::exit(128 + signal);
        }
        say("\ninterrupted: tests are cancelled, fixtures torn down; once more to end at once");
        interrupt::interrupt(signal);
    });
    #[cfg(unix)]
    crate::resource::sweep();
    let reporter = report::reporter(args, io::stdout().is_terminal(), Box::new(io::stdout()))?;
    let mut run = Run {
        wants_starts: reporter.wants().starts,
        reporter,
        clock,
        binary: job.only(),
        tally: Tally::default(),
        recorder: Recorder::new(job.history(), args),
        ensure_time: args.ensure_time,
        max_fail: args.max_fail,
        failures: 0,
        slow: args.slow_timeout,
        before: HashMap::new(),
        repeat: args.repeat,
        repeated: HashMap::new(),
        write_error: None,
        failed: false,
    };
    let run_id = super::run_id(args.share);
    run.start(&mut job, args, &run_id);
    let Job { suites, alone, .. } = job;
    run.recorder.start(&suites);
    let (ready, rest) = run.set_aside(&suites);
    let wanted = args
        .test_threads
        .map_or_else(available_threads, usize::from);
    let threads = wanted.min(ready).max(1);
    // With one executor nothing else could run meanwhile.
    let early_setup =
        threads > 1 && args.setup == Setup::Early && matches!(kind, CrewKind::Processes);
    let manner = Manner {
        session_comes: early_setup,
        executors: threads,
        shuffle: args.shuffle,
        in_order: args.in_order,
        repeat: args.repeat,
        max_fail: args.max_fail,
    };
    let (sender, messages) = channel::channel();
    let work = Work {
        executors: threads,
        early_setup,
        is_joined: !alone.is_empty(),
        schedule: Arc::new(Schedule::new(&suites, manner, |suite, test| Known {
            expected: run.recorder.duration(suite, test),
            is_urgent: args.failed_first && run.recorder.has_failed(suite, test),
            place: match args.in_order {
                // The function of an instance is not known here; no other test has its name.
                true => args
                    .place(&suite.summary.tests[test].name, Some(""))
                    .unwrap_or(0),
                false => 0,
            },
        })),
        suites,
        events: Events::to(sender.clone(), clock, run.binary.clone())
            .in_run(&run_id)
            .with_own_fixtures(run.reporter.wants().own_fixtures),
        clock,
    };
    let crew: Arc<dyn Crew> = match kind {
        #[cfg(unix)]
        CrewKind::Processes => Arc::new(Processes::new(work, args)?),
        #[cfg(not(unix))]
        CrewKind::Processes => unreachable!("there are no worker processes here"),
        CrewKind::Threads(plan) => Arc::new(Threads::new(plan, work, args, sender.clone())?),
    };
    // The crew starts when those that run by themselves are done.
    let turn = Arc::new(OnceLock::new());
    for number in 0..threads {
        let (crew, turn) = (crew.clone(), turn.clone());
        start_thread(&format!("itest-worker-{number}"), &sender, move || {
            turn.wait();
            crew.work(number);
        })?;
    }
    let count = threads + usize::from(!alone.is_empty());
    let first = Turn(turn);
    if !alone.is_empty() {
        let crew = crew.clone();
        let at_once = args.max_fail.is_some_and(|most| most.get() == 1);
        let events = Events::to(sender.clone(), clock, run.binary.clone());
        start_thread("itest-alone", &sender, move || {
            let _first = first;
            for one in alone {
                let join = |command: &mut Command| crew.join(command);
                let is_good = one.run(&events.of_binary(one.id()), &join);
                if interrupt::interrupted().is_some() || (at_once && !is_good) {
                    crew.stop();
                }
                if crew.is_stopped() {
                    break;
                }
            }
        })?;
    } else {
        drop(first);
    }
    let (stopped, hung) = run.follow(&messages, count, &*crew);
    // Whatever runs now overran its time, and has been told.
    exit::expected();
    run.failed |= !crew.finish(hung);
    run.drain(&messages);
    let left = std::mem::take(&mut run.before);
    let left = left.into_values().flatten().chain(rest);
    left.for_each(|(binary, event)| run.event_of(&binary, event));
    run.event(Event::RunFinished {
        duration: clock.now(),
        interrupted: hung || stopped || interrupt::interrupted().is_some(),
    });
    run.finish()
}

/// Starts a thread whose end is told.
fn start_thread(
    name: &str,
    sender: &Sender<Message>,
    life: impl FnOnce() + Send + 'static,
) -> io::Result<()> {
    let done = sender.clone();
    let life = move || {
        // Also if it panics, which is a bug: the run must end.
        let _done = Done(done);
        life();
    };
    thread::spawn(name, Box::new(life))?;
    Ok(())
}

/// Lets the crew start when it is dropped.
struct Turn(Arc<OnceLock<()>>);

impl Drop for Turn {
    fn drop(&mut self) {
        let _ = self.0.set(());
    }
}

/// Tells that an executor has come to its end.
struct Done(Sender<Message>);

impl Drop for Done {
    fn drop(&mut self) {
        let _ = self.0.send(Message::ExecutorDone);
    }
}

/// What is known of a test before it runs.
fn planned(test: &SuiteTest) -> Event {
    Event::TestPlanned {
        test: test.name.clone(),
        file: test.file.clone(),
        line: test.line,
        markers: test.markers.clone(),
    }
}

/// The same of a test of which only the name is known.
fn planned_alone(test: &TestName) -> Event {
    Event::TestPlanned {
        test: test.clone(),
        file: "".into(),
        line: 0,
        markers: Vec::new(),
    }
}

/// What there is to say about a test that its verdict keeps from running.
fn without_running(test: &SuiteTest) -> Option<Event> {
    let ignored = |reason: &String, skipped| Event::TestIgnored {
        test: test.name.clone(),
        reason: reason.clone(),
        skipped,
    };
    let ended = |outcome| finished(test.name.clone(), outcome, Duration::ZERO, String::new());
    match &test.verdict {
        Verdict::Run | Verdict::LeftOut => None,
        Verdict::Ignored(reason) => Some(ignored(reason, false)),
        Verdict::Skipped(reason) => Some(ignored(reason, true)),
        Verdict::NotRun(reason) => {
            let reason = format!("[NOTRUN] {reason}");
            Some(ended(Outcome::Xfailed { reason }))
        }
        Verdict::Required(reason) => {
            let failure = required(reason);
            Some(ended(Outcome::Failed { failure }))
        }
    }
}

/// The reporting side of a run.
struct Run {
    reporter: Box<dyn Reporter>,
    /// It wants to know that tests start which have ended before there was time to tell.
    wants_starts: bool,
    clock: Clock,
    /// The only one, or empty.
    binary: BinaryId,
    tally: Tally,
    recorder: Recorder,
    /// Tests that take this long fail.
    ensure_time: Option<Duration>,
    /// So many failures stop the run.
    max_fail: Option<NonZeroUsize>,
    failures: usize,
    /// After which a running test is reported.
    slow: Option<Duration>,
    /// What is to be said of tests that do not run, where it would stand: before the test that
    /// follows them.
    before: HashMap<TestId, Vec<Unrun>>,
    /// How often each test runs.
    repeat: u32,
    /// How often each test has run, where it runs more than once.
    repeated: HashMap<TestId, u32>,
    /// The first one; the run goes on, and fails.
    write_error: Option<io::Error>,
    /// Something went wrong that no event tells.
    failed: bool,
}

/// What there is to say of a test that does not run.
type Unrun = (BinaryId, Event);

/// A test under way.
struct Running {
    test: TestId,
    worker: Option<u32>,
    started: Instant,
    told: bool,
}

impl Run {
    /// Tells what there is to run.
    fn start(&mut self, job: &mut Job, args: &Args, run_id: &str) {
        let suites = job.suites.iter();
        let selected: usize = suites.map(|suite| suite.summary.selected()).sum();
        let all = job.suites.iter().map(|suite| &suite.summary);
        let all: usize = all.map(|all| all.filtered_out + all.tests.len()).sum();
        let alone = job.alone.iter();
        let filtered_out: usize = alone.map(|alone| alone.filtered_out()).sum();
        let alone: usize = job.alone.iter().map(|alone| alone.tests().len()).sum();
        let mut ready = 0;
        for suite in &job.suites {
            let tests = suite.summary.tests.iter();
            ready += tests.filter(|test| test.verdict == Verdict::Run).count();
        }
        let again = ready * (self.repeat as usize - 1);
        self.event(Event::RunStarted(Box::new(RunInfo {
            tests: selected + alone + again,
            filtered_out: all - selected + filtered_out,
            shuffle_seed: args.shuffle,
            profile: args.profile.clone(),
            started: self.clock.started,
            run_id: run_id.into(),
            binaries: job.binaries().cloned().collect(),
            ..RunInfo::default()
        })));
        for broken in std::mem::take(&mut job.broken) {
            let Broken {
                id,
                failure,
                output,
            } = broken;
            self.event_of(&id, Event::ProcessFailed { failure, output });
        }
        if self.reporter.wants().plan {
            self.tell_plan(job);
        }
        if self.repeat > 1 {
            for suite in &job.suites {
                let tests = suite.summary.tests.iter();
                let running = tests.filter(|test| test.verdict == Verdict::Run);
                let ids = running.map(|test| TestId {
                    binary: suite.id.clone(),
                    name: test.name.clone(),
                });
                self.repeated.extend(ids.map(|id| (id, 0)));
            }
        }
    }

    fn tell_plan(&mut self, job: &Job) {
        for alone in &job.alone {
            for test in alone.tests() {
                self.event_of(alone.id(), planned_alone(test));
            }
        }
        for suite in &job.suites {
            let tests = suite.summary.tests.iter();
            for test in tests.filter(|test| test.verdict != Verdict::LeftOut) {
                if self.repeat == 1 || test.verdict != Verdict::Run {
                    self.event_of(&suite.id, planned(test));
                    continue;
                }
                for number in 1..=self.repeat {
                    let mut event = planned(test);
                    self.number(&mut event, number);
                    self.event_of(&suite.id, event);
                }
            }
        }
    }

    /// Keeps what is to be said of tests that do not run; gives how many do, and what is to be
    /// said behind the last of them.
    fn set_aside(&mut self, suites: &[Suite]) -> (usize, Vec<Unrun>) {
        let mut ready = 0;
        let mut before: Vec<Unrun> = Vec::new();
        for suite in suites {
            for test in &suite.summary.tests {
                if matches!(test.verdict, Verdict::Run) {
                    ready += 1;
                    if !before.is_empty() {
                        let next = TestId {
                            binary: suite.id.clone(),
                            name: test.name.clone(),
                        };
                        self.before.insert(next, std::mem::take(&mut before));
                    }
                } else if let Some(event) = without_running(test) {
                    before.push((suite.id.clone(), event));
                }
            }
        }
        (ready, before)
    }

    /// Takes what happens here and now.
    fn event(&mut self, event: Event) {
        let binary = self.binary.clone();
        self.event_of(&binary, event);
    }

    fn event_of(&mut self, binary: &BinaryId, event: Event) {
        self.record(Record {
            at: self.clock.now(),
            binary: binary.clone(),
            worker: None,
            event,
        });
    }

    fn record(&mut self, mut record: Record) {
        self.judge(&mut record);
        self.recorder.record(&record);
        self.name_repetition(&mut record);
        self.tally.record(&record);
        let result = self.reporter.record(&record);
        self.note(result);
    }

    /// Repetitions of a test run one after the other: what happens, happens in the one whose turn
    /// it is.
    fn name_repetition(&mut self, record: &mut Record) {
        if self.repeated.is_empty() {
            return;
        }
        let Some(name) = record.event.test_mut() else {
            return;
        };
        let id = TestId {
            binary: record.binary.clone(),
            name: name.clone(),
        };
        let Some(done) = self.repeated.get_mut(&id) else {
            return;
        };
        // A wider fixture is torn down after the last of them.
        let number = (*done + 1).min(self.repeat);
        if matches!(record.event, Event::TestFinished { .. }) {
            *done += 1;
        }
        self.number(&mut record.event, number);
    }

    fn number(&self, event: &mut Event, number: u32) {
        if let Some(name) = event.test_mut() {
            *name = format!("{name} ({number} of {})", self.repeat).into();
        }
    }

    /// `--ensure-time` makes a failure of what took too long.
    fn judge(&self, record: &mut Record) {
        if let (
            Some(limit),
            Event::TestFinished {
                outcome, duration, ..
            },
        ) = (self.ensure_time, &mut record.event)
            && *outcome == Outcome::Passed
            && *duration >= limit
        {
            let message = format!("took {duration:.3?}, more than {limit:?}");
            *outcome = Outcome::Failed {
                failure: Failure::new(FailureKind::Timeout, message),
            };
        }
    }

    fn note(&mut self, result: io::Result<()>) {
        if let Err(error) = result {
            self.write_error.get_or_insert(error);
        }
    }

    fn flush(&mut self) {
        let result = self.reporter.flush();
        self.note(result);
    }

    /// Reports until all executors are done; tells whether the run was stopped, and whether one
    /// hangs.
    fn follow(
        &mut self,
        messages: &Receiver<Message>,
        mut executors: usize,
        crew: &dyn Crew,
    ) -> (bool, bool) {
        let mut running: Vec<Running> = Vec::new();
        let mut stopped = false;
        while executors > 0 {
            let message = match messages.try_recv() {
                Ok(message) => Some(message),
                Err(TryRecvError::Disconnected) => break,
                Err(TryRecvError::Empty) => {
                    self.flush();
                    let received = wait(messages, &running, self.slow, self.reporter.is_live());
                    if received.is_none() {
                        let result = self.reporter.tick(self.clock.now());
                        self.note(result);
                    }
                    received
                }
            };
            match message {
                None => self.tell_slow(&mut running),
                Some(Message::ExecutorDone) => executors -= 1,
                Some(Message::Hung { test, failure }) => {
                    crew.stop();
                    self.hung(test, failure);
                    return (true, true);
                }
                Some(Message::Event(record)) => {
                    stopped |= self.happened(record, &mut running, crew);
                }
                // Only where the dispatcher is in another process.
                Some(Message::PassedNow { .. }) => {}
                Some(Message::Passed(passed)) => {
                    let all_starts = self.wants_starts || !self.before.is_empty();
                    passed.tell(all_starts, |record| {
                        stopped |= self.happened(record, &mut running, crew);
                    });
                }
            }
        }
        (stopped, false)
    }

    /// Takes what happened in the crew; tells whether the run stops therefore.
    fn happened(&mut self, record: Record, running: &mut Vec<Running>, crew: &dyn Crew) -> bool {
        let mut stops = false;
        match &record.event {
            Event::TestStarted { test } => {
                let test = record.id(test);
                let before = match self.before.is_empty() {
                    true => None,
                    false => self.before.remove(&test),
                };
                for (binary, event) in before.into_iter().flatten() {
                    self.event_of(&binary, event);
                }
                running.push(Running {
                    test,
                    worker: record.worker,
                    started: Instant::now(),
                    told: false,
                });
            }
            Event::TestFinished { test, outcome, .. } => {
                running.retain(|running| {
                    running.test.name != *test || running.test.binary != record.binary
                });
                self.failures += usize::from(outcome.is_failure());
                if self.max_fail.is_some_and(|max| self.failures >= max.into()) {
                    stops = true;
                    crew.stop();
                }
            }
            _ => {}
        }
        self.record(record);
        stops
    }

    fn tell_slow(&mut self, running: &mut [Running]) {
        for running in running {
            let elapsed = running.started.elapsed();
            if !running.told && self.slow.is_some_and(|slow| elapsed >= slow) {
                running.told = true;
                let TestId { binary, name: test } = running.test.clone();
                self.record(Record {
                    at: self.clock.now(),
                    binary,
                    worker: running.worker,
                    event: Event::TestSlow { test, elapsed },
                });
            }
        }
    }

    /// A thread of ours cannot be stopped: its test fails, the others' results stand, the process
    /// ends.
    fn hung(&mut self, test: TestName, mut failure: Failure) {
        failure.causes.push(
            "it does not yield, so the test process ends here; tests that had not run are not \
             counted"
                .to_owned(),
        );
        let outcome = Outcome::Failed { failure };
        self.event(finished(test, outcome, Duration::ZERO, String::new()));
    }

    fn drain(&mut self, messages: &Receiver<Message>) {
        while let Ok(message) = messages.try_recv() {
            match message {
                Message::Event(record) => self.record(record),
                Message::Passed(passed) => passed.tell(true, |record| self.record(record)),
                Message::ExecutorDone | Message::Hung { .. } | Message::PassedNow { .. } => {}
            }
        }
    }

    fn finish(mut self) -> io::Result<ExitCode> {
        self.flush();
        self.recorder.finish(self.tally.interrupted);
        let failed = self.failed || !self.tally.is_success();
        match self.write_error {
            Some(error) => Err(error),
            None if failed => Ok(match interrupt::interrupted() {
                // As shells say it.
                Some(signal) => ExitCode::from(128 + u8::try_from(signal).unwrap_or(0)),
                None => ExitCode::from(FAILED),
            }),
            None => Ok(ExitCode::SUCCESS),
        }
    }
}

/// How often a live report shows that time passes.
const TICK: Duration = Duration::from_millis(500);

/// The next message, or `None` when a test has become slow, or something is to be shown.
fn wait(
    messages: &Receiver<Message>,
    running: &[Running],
    slow: Option<Duration>,
    live: bool,
) -> Option<Message> {
    let untold = running.iter().filter(|running| !running.told);
    let due = untold.filter_map(|running| Some(running.started + slow?));
    let tick = live.then(|| Instant::now() + TICK);
    match due.chain(tick).min() {
        None => messages.recv().ok(),
        Some(due) => messages
            .recv_timeout(due.saturating_duration_since(Instant::now()))
            .ok(),
    }
}
