//! [`Client`]: a test process's way to the session fixtures of its run.

use std::fs::{self, File};
use std::io::{self, BufReader};
use std::os::fd::OwnedFd;
use std::os::unix::net::{UnixListener, UnixStream};
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::sync::{Arc, Mutex, PoisonError};

use super::directory::{self, Directory};
use super::host::HOST_VARIABLE;
use super::runner::Runner;
use super::{Reply, Request, identity, offers};
use crate::outcome::{Failure, FailureKind, FixtureError};
use crate::plan::{NodeId, Plan};
use crate::run::protocol;
use crate::run::store::{Fetched, SetupStop, Upstream};
use crate::run::{say, whole_plan};

/// Finds, starts and asks hosts. Its connections are leases: what they gave lives as long.
pub(crate) struct Client {
    run: String,
    plan: Arc<Plan>,
    /// Only hosts before this one are asked, and none is started: for a host's own requests.
    before: Option<usize>,
    connections: Mutex<Vec<Connection>>,
}

struct Connection {
    host: usize,
    stream: BufReader<UnixStream>,
}

impl Client {
    /// For a test process of that run.
    pub(crate) fn new(run: String, plan: Arc<Plan>) -> Self {
        Client {
            run,
            plan,
            before: None,
            connections: Mutex::default(),
        }
    }

    /// For the host of that number, which asks earlier ones.
    pub(super) fn of_host(run: String, plan: Arc<Plan>, host: usize) -> Self {
        Client {
            before: Some(host),
            ..Client::new(run, plan)
        }
    }

    /// Asks for a fixture; `None` where no earlier host offers it and none is to be started.
    pub(super) fn ask(&self, node: NodeId, test: usize) -> Option<Reply> {
        let request = Request {
            fixture: identity(&self.plan, node),
            test: self.plan.tests[test].name.to_string(),
        };
        match self.try_ask(&request) {
            Ok(reply) => reply,
            Err(error) => Some(Reply {
                answer: Err(lost(&error)),
                output: String::new(),
            }),
        }
    }

    fn try_ask(&self, request: &Request) -> io::Result<Option<Reply>> {
        let Some(host) = self.host_for(&request.fixture)? else {
            return Ok(None);
        };
        let mut connections = self
            .connections
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let index = match connections.iter().position(|known| known.host == host) {
            Some(index) => index,
            None => {
                let directory = Directory::of_run(&self.run)?;
                let stream = UnixStream::connect(directory.file(host, "sock"))
                    .map_err(|error| dead(&directory, host).unwrap_or(error))?;
                connections.push(Connection {
                    host,
                    stream: BufReader::new(stream),
                });
                connections.len() - 1
            }
        };
        let stream = &mut connections[index].stream;
        protocol::write(stream.get_mut(), request)?;
        match protocol::read(stream)? {
            Some(reply) => Ok(Some(reply)),
            None => {
                let directory = Directory::of_run(&self.run)?;
                let error = io::Error::other("the session host died during the setup");
                // The next one that needs it is told at once.
                let _ = fs::write(directory.file(host, "dead"), error.to_string());
                Err(error)
            }
        }
    }

    /// The first host that offers the fixture, started if there is none.
    fn host_for(&self, fixture: &str) -> io::Result<Option<usize>> {
        let directory = Directory::of_run(&self.run)?;
        // A host's list is complete from the moment it is there, so most need no lock.
        if let Some(host) = find(&directory, fixture, self.before) {
            return Ok(Some(host));
        }
        if self.before.is_some() {
            return Ok(None);
        }
        let _lock = directory.lock()?;
        if let Some(host) = find(&directory, fixture, None) {
            return Ok(Some(host));
        }
        self.start(&directory).map(Some)
    }

    /// Starts this binary as a host. Called under the run's lock.
    fn start(&self, directory: &Directory) -> io::Result<usize> {
        let host = directory.hosts();
        if host == 0 {
            directory::sweep();
            crate::resource::sweep();
            tell_earlier_errors();
        }
        let socket = directory.file(host, "sock");
        // We listen on its behalf, so that nobody ever waits for it to listen.
        let listener = UnixListener::bind(&socket)?;
        let log = File::create(directory.file(host, "log"))?;
        let runner = Runner::find();
        let mut command = Command::new(std::env::current_exe()?);
        command
            .args(std::env::args_os().skip(1))
            .env(
                HOST_VARIABLE,
                format!(
                    "{host} {} {} {} {}",
                    runner.pid,
                    runner.started,
                    self.run,
                    directory.path.display()
                ),
            )
            .stdin(OwnedFd::from(listener))
            .stdout(log.try_clone()?)
            .stderr(log);
        detach(&mut command);
        // Nobody waits for it: it outlives us.
        drop(command.spawn()?);
        // A process for one test has planned just that one.
        let whole = whole_plan().map_err(|error| io::Error::other(error.to_string()))?;
        let all: Vec<String> = offers(&whole).into_iter().map(|(all, ..)| all).collect();
        let list = directory.file(host, "offers");
        let partial = directory.file(host, "partial");
        fs::write(&partial, all.join("\n"))?;
        fs::rename(partial, list)?;
        Ok(host)
    }
}

/// The first host of the run that offers the fixture.
fn find(directory: &Directory, fixture: &str, before: Option<usize>) -> Option<usize> {
    for host in 0..before.unwrap_or(usize::MAX) {
        let offers = fs::read_to_string(directory.file(host, "offers")).ok()?;
        if offers.lines().any(|offer| offer == fixture) {
            return Some(host);
        }
    }
    None
}

fn dead(directory: &Directory, host: usize) -> Option<io::Error> {
    let why = fs::read_to_string(directory.file(host, "dead")).ok()?;
    Some(io::Error::other(why))
}

fn lost(error: &io::Error) -> SetupStop {
    let mut failure = Failure::new(FailureKind::Crash, "the session host cannot be asked");
    failure.causes.push(error.to_string());
    SetupStop::Failed(FixtureError {
        fixture: "session host".to_owned(),
        location: String::new(),
        chain: Vec::new(),
        remembered: false,
        failures: vec![failure],
    })
}

/// Gives the process an OS session of its own: no signal for the test's group or terminal
/// reaches it.
#[expect(unsafe_code, reason = "std cannot start a session")]
fn detach(command: &mut Command) {
    // SAFETY: `setsid` may be called between fork and exec.
    unsafe {
        command.pre_exec(|| {
            if libc::setsid() < 0 {
                return Err(io::Error::last_os_error());
            }
            Ok(())
        });
    }
}

/// Errors of teardowns that ended after their runner, told by the next run.
fn tell_earlier_errors() {
    let Ok(file) = super::host::errors_file() else {
        return;
    };
    if let Ok(text) = fs::read_to_string(&file) {
        let _ = fs::remove_file(file);
        say(&format!(
            "warning: of an earlier run, after its end:\n{text}"
        ));
    }
}

impl Upstream for Client {
    fn fetch(&self, node: NodeId, test: usize) -> Result<Fetched, SetupStop> {
        let reply = self
            .ask(node, test)
            .expect("itest bug: no host was started");
        if !reply.output.is_empty() {
            eprintln!("{}", reply.output.trim_end());
        }
        reply.answer.map(Fetched::Session)
    }
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Client({})", self.run)
    }
}
