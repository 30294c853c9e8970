//! [`Suite`]: a test binary as the schedule and the crew see it.
//!
//! Of a plan it has what must be known to hand tests out and to tell what they came to: names,
//! verdicts, locks, and which tests share fixtures. The own binary's is made from its [`Plan`].

mod form;

use std::borrow::Cow;
use std::collections::HashMap;
use std::ffi::OsString;
use std::io;
use std::path::Path;
#[cfg(feature = "cli")]
use std::path::PathBuf;
use std::process::Command;

use crate::event::{BinaryId, TestName};
use crate::plan::{HeldLock, Key, NodeId, Plan, Verdict, normalise_locks};
use crate::scope::Scope;
#[cfg(unix)]
use crate::session::Wanted;
use crate::sort;

/// A test binary, and what there is to run of it.
#[derive(Debug)]
pub(crate) struct Suite {
    /// The binary ID, as nextest names it.
    pub(crate) id: BinaryId,
    pub(crate) summary: Summary,
    pub(crate) launch: Launch,
}

/// What a binary says of itself.
#[derive(Debug, Default)]
pub(crate) struct Summary {
    /// In the plan's order, with its numbers.
    pub(crate) tests: Vec<SuiteTest>,
    /// Tests that the filters left out.
    pub(crate) filtered_out: usize,
    /// Some are of `#[files]`: another process may plan others.
    pub(crate) has_files: bool,
    /// Threads that the shared async runtime needs.
    pub(crate) runtime_threads: usize,
    /// The session fixtures that its tests need.
    #[cfg(unix)]
    pub(crate) session: Vec<Wanted>,
}

/// A test as its binary has planned it.
#[derive(Debug)]
pub(crate) struct SuiteTest {
    pub(crate) name: TestName,
    /// Its source file, as the compiler names it.
    pub(crate) file: Cow<'static, str>,
    pub(crate) line: u32,
    /// Of the test and its groups, as written.
    pub(crate) markers: Vec<Cow<'static, str>>,
    pub(crate) verdict: Verdict,
    /// Sorted, each once.
    pub(crate) locks: Cow<'static, [HeldLock]>,
    /// Numbers of the group and module fixtures' instances that it uses. Tests with one in common
    /// stay together, so that it is set up once.
    pub(crate) instances: Vec<u32>,
    /// Numbers of the worker fixtures that it uses, sorted.
    pub(crate) worker_fixtures: Vec<u32>,
    /// It uses a session fixture.
    pub(crate) session: bool,
    /// Its number in the registry, where its process needs no plan to run it.
    pub(crate) registered: Option<u32>,
}

/// How processes of the binary are started.
#[derive(Debug)]
pub(crate) enum Launch {
    /// As this process was.
    Again,
    /// As cargo would.
    #[cfg(feature = "cli")]
    Other {
        program: PathBuf,
        arguments: Vec<OsString>,
        directory: PathBuf,
        environment: Vec<(OsString, OsString)>,
    },
}

impl Summary {
    /// Takes the locks out of the plan: who goes by the summary holds them for the plan's tests.
    ///
    /// `beside_others` says that other binaries run at the same time.
    pub(crate) fn of(
        plan: &mut Plan,
        verdicts: Vec<(usize, Verdict)>,
        beside_others: bool,
    ) -> Self {
        let mut all: Vec<Verdict> = vec![Verdict::LeftOut; plan.tests.len()];
        for (index, verdict) in verdicts {
            all[index] = verdict;
        }
        #[cfg(unix)]
        let session = match plan.nodes.is_empty() {
            true => Vec::new(),
            false => {
                let running = (0..all.len()).filter(|index| all[*index] == Verdict::Run);
                crate::session::wanted(plan, running)
            }
        };
        let mut numbers: HashMap<(NodeId, Key), u32> = HashMap::new();
        let mut tests = Vec::with_capacity(all.len());
        for (index, verdict) in all.into_iter().enumerate() {
            let wide = match verdict {
                Verdict::Run if !plan.tests[index].setup.is_empty() => {
                    wide_fixtures(plan, index, &mut numbers)
                }
                _ => Wide::default(),
            };
            let locks = locks(plan, index, beside_others);
            let test = &plan.tests[index];
            let mut markers = Vec::new();
            if !test.markers.is_empty() {
                markers.extend(test.markers.iter().map(|marker| marker.written()));
            }
            tests.push(SuiteTest {
                name: test.name.clone(),
                file: test.def.location.file.into(),
                line: test.def.location.line,
                markers,
                verdict,
                locks,
                instances: wide.instances,
                worker_fixtures: wide.worker,
                session: wide.session,
                registered: test.registered(),
            });
        }
        Summary {
            tests,
            filtered_out: plan.filtered_out,
            has_files: plan.has_files(),
            runtime_threads: plan.runtime_threads,
            #[cfg(unix)]
            session,
        }
    }

    /// Tests that are reported.
    pub(crate) fn selected(&self) -> usize {
        let mut selected = 0;
        for test in &self.tests {
            selected += usize::from(!matches!(test.verdict, Verdict::LeftOut));
        }
        selected
    }
}

/// The locks that a test needs which has a worker for itself.
fn locks(plan: &mut Plan, index: usize, beside_others: bool) -> Cow<'static, [HeldLock]> {
    let locks = std::mem::take(&mut plan.tests[index].locks);
    if plan.tests[index].setup.is_empty() {
        return locks;
    }
    let mut locks = locks.into_owned();
    // Another worker has instances of its own.
    locks.retain(|lock| !lock.is_of_instance());
    if beside_others {
        // Somebody there may use as `&mut T` what all share here.
        let nodes = plan.reach(&plan.tests[index]).into_iter();
        let defs = nodes.map(|node| plan.node(node).def);
        let session = defs.filter(|def| def.scope == Scope::Session);
        locks.extend(session.map(HeldLock::session_fixture));
        normalise_locks(&mut locks);
    }
    locks.into()
}

/// What a test uses that is wider than it.
#[derive(Default)]
struct Wide {
    /// Of group and module fixtures.
    instances: Vec<u32>,
    worker: Vec<u32>,
    session: bool,
}

fn wide_fixtures(plan: &Plan, index: usize, numbers: &mut HashMap<(NodeId, Key), u32>) -> Wide {
    let test = &plan.tests[index];
    let mut wide = Wide::default();
    for node in plan.reach(test) {
        let key = test.key(plan.node(node).def.scope);
        match key {
            Key::Group(_) | Key::Module(_) => {
                let next =
                    u32::try_from(numbers.len()).expect("itest bug: more than 2^32 fixtures");
                let number = *numbers.entry((node, key)).or_insert(next);
                wide.instances.push(number);
            }
            Key::Worker => wide.worker.push(node.0),
            Key::Session => wide.session = true,
            Key::Test => {}
        }
    }
    sort::ascending(&mut wide.worker);
    wide
}

impl Launch {
    /// The binary, if it is not this process's own.
    pub(crate) fn program(&self) -> Option<&Path> {
        match self {
            Launch::Again => None,
            #[cfg(feature = "cli")]
            Launch::Other { program, .. } => Some(program),
        }
    }

    /// A command that starts the binary with `first`, then what it was asked to do.
    ///
    /// # Errors
    /// When the way to this binary is not known.
    pub(crate) fn command(&self, first: &[OsString]) -> io::Result<Command> {
        match self {
            Launch::Again => {
                let mut command = Command::new(std::env::current_exe()?);
                command.args(first).args(std::env::args_os().skip(1));
                #[cfg(unix)]
                if let Some(name) = std::env::args_os().next() {
                    std::os::unix::process::CommandExt::arg0(&mut command, name);
                }
                Ok(command)
            }
            #[cfg(feature = "cli")]
            Launch::Other {
                program,
                arguments,
                directory,
                environment,
            } => {
                let mut command = Command::new(program);
                command
                    .args(first)
                    .args(arguments)
                    .current_dir(directory)
                    .env_clear()
                    .envs(environment.iter().map(|(name, value)| (name, value)));
                Ok(command)
            }
        }
    }
}
