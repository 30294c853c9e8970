//! The test binary as a worker: does what the dispatcher orders.

use std::collections::HashMap;
use std::ffi::OsString;
use std::fmt;
use std::fs::File;
use std::io::{self, BufReader, Seek, SeekFrom, Write};
use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::mpsc::RecvTimeoutError;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::memory::Memory;
use super::protocol::{self, Framed, Order, Passed, PassedTests, Report};
use crate::builtin;
use crate::channel::{self, Receiver, Sender};
use crate::cli::Args;
use crate::event::{Event, Record, TestName};
use crate::outcome::{Failure, FailureKind, Outcome};
use crate::plan::{PlainTests, Plan, PlanError};
use crate::registry::Registry;
use crate::run::FAILED;
use crate::run::dispatcher::say;
use crate::run::events::{Clock, Events, Message};
use crate::run::executor::{Executor, finished};
use crate::run::leaks::Watch;
use crate::run::note;
use crate::run::store::{Holds, Shared};
use crate::run::{exit, interrupt};
use crate::session::{Client, Hosts, Program, Run};
use crate::thread;

/// What a child process is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// Runs tests.
    Worker,
}

impl Role {
    const ALL: [Role; 1] = [Role::Worker];

    /// The first argument of such a process.
    pub(crate) fn argument(self) -> &'static str {
        match self {
            Role::Worker => "--itest-role=worker",
        }
    }
}

/// What a child process knows of the run that it is part of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Part {
    /// The worker's number; the session host has none.
    pub(crate) worker: Option<u32>,
    /// When the run started.
    pub(crate) started: SystemTime,
    /// How many threads its shared async runtime needs.
    pub(crate) threads: usize,
    /// A reporter wants to know of tests' own fixtures.
    pub(crate) own_fixtures: bool,
}

/// What stands at the end of a part whose reporters want to know of tests' own fixtures.
const OWN_FIXTURES: &str = "+fixtures";

/// As an argument: `1790000000000000000/1`, `1790000000000000000/2:3` or
/// `1790000000000000000/2:3+fixtures`.
impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let since = self.started.duration_since(UNIX_EPOCH).unwrap_or_default();
        write!(f, "{}/{}", since.as_nanos(), self.threads)?;
        if let Some(worker) = self.worker {
            write!(f, ":{worker}")?;
        }
        f.write_str(if self.own_fixtures { OWN_FIXTURES } else { "" })
    }
}

impl Part {
    fn parse(word: &str) -> Option<Self> {
        let (word, own_fixtures) = match word.strip_suffix(OWN_FIXTURES) {
            Some(word) => (word, true),
            None => (word, false),
        };
        let (word, worker) = match word.split_once(':') {
            Some((word, worker)) => (word, Some(worker.parse().ok()?)),
            None => (word, None),
        };
        let (started, threads) = word.split_once('/')?;
        Some(Part {
            worker,
            started: UNIX_EPOCH + Duration::from_nanos(started.parse().ok()?),
            threads: threads.parse().ok()?,
            own_fixtures,
        })
    }
}

/// What this process was started for.
#[derive(Debug)]
pub(in crate::run) struct ChildProcess {
    role: Role,
    part: Part,
    /// The file that is memory shared with the dispatcher; empty if there is none.
    passed: PathBuf,
}

/// Takes the arguments that make this process a child out of its command line.
pub(in crate::run) fn child_if_asked(words: &mut Vec<OsString>) -> Option<ChildProcess> {
    let word = words.get(1)?;
    let role = Role::ALL
        .into_iter()
        .find(|role| *word == *role.argument())?;
    let mut hidden = words.drain(1..words.len().min(4)).skip(1);
    let passed = hidden.next().unwrap_or_default().into();
    let part = hidden.next().unwrap_or_default();
    Some(ChildProcess {
        role,
        passed,
        part: part.to_str().and_then(Part::parse).unwrap_or(Part {
            worker: None,
            started: SystemTime::now(),
            threads: 1,
            own_fixtures: true,
        }),
    })
}

/// How long a test may go on when the dispatcher is gone.
const ORPHAN_LIMIT: Duration = Duration::from_secs(10);

/// The socket to the dispatcher, and how far our own output has come.
struct Link {
    socket: Mutex<UnixStream>,
    /// The capture file, if that is where stdout goes.
    output: Option<File>,
    /// Records of tests that passed, where there is memory for them.
    passed: Option<&'static PassedTests>,
}

impl Link {
    fn send(&self, report: Report) {
        let passed = self.passed.map_or(0, PassedTests::count);
        let mut socket = self.socket.lock().unwrap_or_else(PoisonError::into_inner);
        // If the dispatcher is gone, the reading thread notices.
        let _ = protocol::write(&mut *socket, &Framed { passed, report });
    }

    /// Length of the capture file with all that was printed so far.
    fn printed(&self) -> u64 {
        let Some(output) = &self.output else { return 0 };
        let _ = io::stdout().flush();
        flush_c();
        restore(output);
        // Whoever writes appends, so the position is nobody's; to ask for the length costs more.
        let mut output: &File = output;
        output.seek(SeekFrom::End(0)).unwrap_or(0)
    }
}

/// Makes stdout and stderr what they were, whatever the test has done to them.
#[expect(unsafe_code, reason = "std cannot replace stdout")]
fn restore(output: &File) {
    for standard in [libc::STDOUT_FILENO, libc::STDERR_FILENO] {
        // SAFETY: a plain system call; both go to this very file anyway.
        unsafe {
            libc::dup2(output.as_raw_fd(), standard);
        }
    }
}

#[expect(unsafe_code, reason = "C libraries have buffers of their own")]
pub(crate) fn flush_c() {
    // SAFETY: a null pointer means all streams; each is locked while it is flushed.
    unsafe {
        libc::fflush(std::ptr::null_mut());
    }
}

impl ChildProcess {
    /// The process's whole life.
    pub(in crate::run) fn run(self, args: &Args) -> io::Result<ExitCode> {
        // The dispatcher notices.
        exit::expected();
        let passed = self.share()?;
        let run = Run::joined(args.share);
        // What a test starts is not a part of it.
        Run::hide();
        let run = run.ok_or_else(|| io::Error::other("a worker is started by its dispatcher"))?;
        match self.role {
            Role::Worker => live(self.part, passed, args, run),
        }
    }

    /// Takes the memory that the dispatcher shares, where it can.
    fn share(&self) -> io::Result<Option<&'static PassedTests>> {
        if self.passed.as_os_str().is_empty() {
            return Ok(None);
        }
        let file = File::options().read(true).write(true).open(&self.passed)?;
        std::fs::remove_file(&self.passed)?;
        let (place, passed) = Memory::of(&file)?.forever();
        note::install(place);
        Ok(Some(passed))
    }
}

fn live(
    part: Part,
    passed: Option<&'static PassedTests>,
    args: &Args,
    run: Run,
) -> io::Result<ExitCode> {
    let socket = UnixStream::from(take_stdin()?);
    let orders = BufReader::new(socket.try_clone()?);
    let link = Arc::new(Link {
        socket: Mutex::new(socket),
        output: if args.capture {
            Some(File::from(io::stdout().as_fd().try_clone_to_owned()?))
        } else {
            None
        },
        passed,
    });
    if let Some(output) = &link.output {
        builtin::is_captured_in(output.try_clone()?);
    }
    let sending = link.clone();
    let hung = link.clone();
    let shared = Shared {
        plan: Arc::new(Plan::empty(part.threads)),
        // The dispatcher knows which binary this is.
        events: Events::with(
            Arc::new(move |message| forward(&sending, message)),
            Clock::join(part.started),
            "".into(),
        )
        .of(part.worker)
        .with_own_fixtures(part.own_fixtures)
        // The dispatcher knows which test is next.
        .without_starts(passed.is_some())
        .in_run(run.id()),
        on_hung: Arc::new(move |test, failure| {
            hung.send(Report::Hung {
                test: test.clone(),
                failure,
            });
        }),
    };
    let (order_sender, ordered) = channel::channel();
    let (working, worked) = channel::channel::<()>();
    let hear = move || {
        listen(orders, &order_sender);
        // The dispatcher is gone. What runs is cancelled, and gets some time to tear down.
        interrupt::interrupt(libc::SIGTERM);
        drop(order_sender);
        if worked.recv_timeout(ORPHAN_LIMIT) == Err(RecvTimeoutError::Timeout) {
            end_group();
        }
    };
    thread::spawn("itest-orders", Box::new(hear))?;
    let program = Program::this()?.printing(!args.capture);
    let session = |plan: &Arc<Plan>| Client::new(Arc::new(Hosts::new(run)), program, plan);
    let worked = work(shared, args, &link, &ordered, session);
    drop(working);
    Ok(match worked {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(&error.to_string());
            ExitCode::from(FAILED)
        }
    })
}

/// Takes the socket that stands at stdin and leaves `/dev/null` there for user code.
#[expect(unsafe_code, reason = "stdin is replaced before anything else runs")]
pub(crate) fn take_stdin() -> io::Result<OwnedFd> {
    let socket = io::stdin().as_fd().try_clone_to_owned()?;
    // SAFETY: nothing has read from stdin yet, and no other thread opens files: the lowest free
    // descriptor is 0 again.
    drop(unsafe { OwnedFd::from_raw_fd(0) });
    let null = File::open("/dev/null")?;
    std::mem::forget(null);
    Ok(socket)
}

#[expect(unsafe_code, reason = "std has no way to kill a process group")]
pub(crate) fn end_group() -> ! {
    // SAFETY: a plain system call; 0 is our own group, which was made for us.
    unsafe {
        libc::kill(0, libc::SIGKILL);
    }
    std::process::abort()
}

fn listen(mut orders: BufReader<UnixStream>, order_sender: &Sender<Order>) {
    while let Ok(Some(order)) = protocol::read(&mut orders) {
        let sent = match order {
            Order::Cancel => {
                interrupt::interrupt(libc::SIGINT);
                true
            }
            order => order_sender.send(order).is_ok(),
        };
        if !sent {
            return;
        }
    }
}

fn forward(link: &Link, message: Message) {
    match message {
        Message::PassedNow { at, duration } => {
            let printed = link.printed();
            builtin::test_ended(printed);
            if let Some(all) = link.passed {
                all.add(Passed {
                    at,
                    duration,
                    printed,
                });
            }
        }
        Message::Event(Record { at, event, .. }) => {
            let printed = match &event {
                Event::TestFinished { .. }
                | Event::SetupStarted { .. }
                | Event::SetupFinished { .. }
                | Event::TeardownStarted { .. }
                | Event::TeardownFinished { .. } => link.printed(),
                _ => 0,
            };
            if let Event::TestFinished { .. } = event {
                builtin::test_ended(printed);
            }
            link.send(Report::Event { at, event, printed });
        }
        _ => {}
    }
}

/// The end of a test whose file was there when the run was planned.
fn vanished(test: TestName) -> Event {
    let mut failure = Failure::new(FailureKind::Misuse, "its file is not there any more");
    let cause = "a file that a `#[files]` matches was removed or renamed during the run";
    failure.causes.push(cause.to_owned());
    finished(
        test,
        Outcome::Failed { failure },
        Duration::ZERO,
        String::new(),
    )
}

/// Does what is ordered. What most tests need is known without a plan of all of them.
///
/// # Errors
/// Those of a plan in which the dispatcher has found none.
fn work(
    shared: Shared,
    args: &Args,
    link: &Link,
    ordered: &Receiver<Order>,
    session: impl FnOnce(&Arc<Plan>) -> Client,
) -> Result<(), PlanError> {
    let events = shared.events.clone();
    let registry = Registry::collect();
    let mut plain = PlainTests::new(&registry, args);
    let mut whole = Whole::NotYet(session);
    let mut executor = Executor::new(
        shared,
        // The dispatcher holds the locks.
        None,
        args.require.clone(),
        Watch::new(args, true),
        Holds::Worker,
        None,
    );
    while let Ok(order) = ordered.recv() {
        match order {
            Order::RunPlain(tests) => {
                for number in tests.iter() {
                    if interrupt::interrupted().is_none() {
                        executor.run_plain(&plain.test(number));
                    }
                }
            }
            Order::Run(tests) => {
                whole.plan(&registry, args, &mut executor)?;
                for test in tests.iter() {
                    if interrupt::interrupted().is_none() {
                        executor.run(test as usize);
                    }
                }
            }
            Order::RunNamed(names) => {
                let numbers = whole.numbers(&registry, args, &mut executor)?;
                for name in names {
                    match numbers.get(&name) {
                        Some(_) if interrupt::interrupted().is_some() => {}
                        Some(test) => {
                            executor.run(*test);
                        }
                        None => events.send(|| vanished(name)),
                    }
                }
            }
            Order::Finish | Order::Cancel => break,
        }
        link.send(Report::Idle);
    }
    executor.finish();
    Ok(())
}

/// The plan of all tests.
enum Whole<S> {
    /// So far it was not needed.
    NotYet(S),
    Planned {
        plan: Arc<Plan>,
        /// By name; few plans have such tests.
        numbers: Option<HashMap<TestName, usize>>,
    },
}

impl<S: FnOnce(&Arc<Plan>) -> Client> Whole<S> {
    /// Has the executor follow the plan.
    fn plan(
        &mut self,
        registry: &Registry,
        args: &Args,
        executor: &mut Executor,
    ) -> Result<(), PlanError> {
        if let Whole::Planned { .. } = self {
            return Ok(());
        }
        let plan = Arc::new(Plan::again(registry, args)?);
        let planned = Whole::Planned {
            plan: plan.clone(),
            numbers: None,
        };
        if let Whole::NotYet(session) = std::mem::replace(self, planned) {
            let session = session(&plan);
            // This process ends with its last test; freeing takes longer than many a test.
            std::mem::forget(plan.clone());
            executor.follow(plan, Arc::new(session));
        }
        Ok(())
    }

    fn numbers(
        &mut self,
        registry: &Registry,
        args: &Args,
        executor: &mut Executor,
    ) -> Result<&HashMap<TestName, usize>, PlanError> {
        self.plan(registry, args, executor)?;
        match self {
            Whole::Planned { plan, numbers } => Ok(numbers.get_or_insert_with(|| {
                let tests = plan.tests.iter().enumerate();
                let numbers = tests.map(|(number, test)| (test.name.clone(), number));
                numbers.collect()
            })),
            Whole::NotYet(_) => unreachable!("it was planned just now"),
        }
    }
}
