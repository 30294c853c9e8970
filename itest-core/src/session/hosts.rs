//! [`Hosts`]: finding, starting and asking the hosts of a run.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::net::{UnixListener, UnixStream};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::directory::{DOING, Directory};
use super::doing::was_doing;
use super::host::{HOST_VARIABLE, Orders};
use super::protocol::{self, Reply, Request};
use super::run::Run;
use crate::plan::{HeldLock, Plan};
use crate::resource::{self, Identity};
use crate::run::interrupt;
use crate::run::suite::Launch;
use crate::run::{ended_how, kill_group, wait_for_end};

/// The hosts of a run, as one of its processes sees them. Each connection is a lease: what it
/// gave lives as long.
pub(crate) struct Hosts {
    pub(super) run: Run,
    /// Connections that nobody uses at the moment.
    idle: Mutex<Vec<Connection>>,
    /// Those that nobody can use any more.
    spent: Mutex<Vec<Connection>>,
    /// The hosts that this process has started.
    children: Mutex<Vec<(usize, Started)>>,
}

/// A host that this process has started.
enum Started {
    Running(Child, Option<Identity>),
    /// How, if not well.
    Ended(Option<String>),
}

/// How a test binary is started as a host.
#[derive(Debug, Clone)]
pub(crate) struct Program {
    path: PathBuf,
    words: Vec<OsString>,
    /// Where, and with what environment; `None` is as this process.
    place: Option<(PathBuf, Vec<(OsString, OsString)>)>,
    /// What fixtures print goes to our own stdout and stderr.
    prints: bool,
}

/// A conversation with a host.
pub(super) struct Connection {
    pub(super) host: usize,
    stream: BufReader<UnixStream>,
}

impl Program {
    /// This binary, which has `itest::main!()`.
    pub(crate) fn this() -> io::Result<Self> {
        Ok(Program {
            path: std::env::current_exe()?,
            words: Vec::new(),
            place: None,
            prints: false,
        })
    }

    /// The binary that is started so, which has `itest::main!()`.
    pub(crate) fn of(launch: &Launch) -> io::Result<Self> {
        match launch {
            Launch::Again => Program::this(),
            #[cfg(feature = "cli")]
            Launch::Other {
                program,
                directory,
                environment,
                ..
            } => Ok(Program {
                path: program.clone(),
                words: Vec::new(),
                place: Some((directory.clone(), environment.clone())),
                prints: false,
            }),
        }
    }

    /// This binary, in which libtest runs that test: it becomes the host.
    pub(crate) fn this_drop_in(plan: &Plan) -> io::Result<Self> {
        let mut program = Program::this()?;
        let test = plan.tests.first().map_or("", |test| &*test.name);
        let words = ["--exact", test, "--nocapture", "--include-ignored"];
        program.words = words.map(OsString::from).to_vec();
        Ok(program)
    }

    /// Lets fixtures print to where this process prints, if `prints`.
    pub(crate) fn printing(mut self, prints: bool) -> Self {
        self.prints = prints;
        self
    }
}

impl Hosts {
    pub(crate) fn new(run: Run) -> Self {
        Hosts {
            run,
            idle: Mutex::default(),
            spent: Mutex::default(),
            children: Mutex::default(),
        }
    }

    pub(super) fn directory(&self) -> io::Result<Directory> {
        Directory::of_run(&self.run.id)
    }

    /// Sends a request to a host and waits for its reply; `None` if the run is interrupted
    /// meanwhile.
    pub(super) fn ask(&self, host: usize, request: &Request) -> io::Result<Option<Reply>> {
        let mut connection = self.connect(host)?;
        let reply = connection.ask_until(request, &is_interrupted)?;
        match reply {
            Some(_) => self.put_back(connection),
            // Its reply comes some time, and nobody reads it. The lease stays.
            None => self.set_aside(connection),
        }
        Ok(reply)
    }

    /// A connection that nobody else uses.
    pub(super) fn connect(&self, host: usize) -> io::Result<Connection> {
        let mut idle = self.idle();
        if let Some(index) = idle.iter().position(|known| known.host == host) {
            return Ok(idle.swap_remove(index));
        }
        drop(idle);
        Connection::new(&self.directory()?, host)
    }

    /// Keeps the lease.
    pub(super) fn put_back(&self, connection: Connection) {
        self.idle().push(connection);
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Connection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps the lease of a connection whose reply nobody waits for.
    pub(super) fn set_aside(&self, connection: Connection) {
        let mut spent = self.spent.lock().unwrap_or_else(PoisonError::into_inner);
        spent.push(connection);
    }

    /// Whether a host that has been asked before is still there, as far as can be told at once.
    pub(super) fn is_there(&self, host: usize) -> bool {
        let idle = self.idle();
        let mut known = idle.iter().filter(|known| known.host == host);
        known.all(Connection::is_open)
    }

    /// The first host that offers the fixture; where there is none, `program` becomes one.
    pub(super) fn host_for(
        &self,
        fixture: &str,
        program: Option<&Program>,
    ) -> io::Result<Option<usize>> {
        let directory = self.directory()?;
        // A host's list is complete from the moment it is there, so most need no lock.
        if let Some(host) = find(&directory, fixture, usize::MAX) {
            return Ok(Some(host));
        }
        let Some(program) = program else {
            return Ok(None);
        };
        let _lock = directory.lock()?;
        if let Some(host) = find(&directory, fixture, usize::MAX) {
            return Ok(Some(host));
        }
        self.start_locked(&directory, program).map(Some)
    }

    /// The first host before `host` that offers the fixture.
    pub(super) fn earlier_host_for(&self, fixture: &str, host: usize) -> io::Result<Option<usize>> {
        Ok(find(&self.directory()?, fixture, host))
    }

    /// A connection that holds these locks of the run; `None` if that is interrupted.
    pub(super) fn acquire(
        &self,
        locks: Vec<HeldLock>,
        program: &Program,
    ) -> io::Result<Option<Connection>> {
        let mut connection = self.connect(self.lock_keeper(program)?)?;
        let acquire = Request::Acquire(locks);
        match connection.ask_until(&acquire, &is_interrupted)? {
            Some(_) => Ok(Some(connection)),
            None => Ok(None),
        }
    }

    /// The host that keeps the locks of the run, started if there is none.
    fn lock_keeper(&self, program: &Program) -> io::Result<usize> {
        const KEEPER: usize = 0;
        let directory = self.directory()?;
        if directory.hosts() > KEEPER {
            return Ok(KEEPER);
        }
        let _lock = directory.lock()?;
        match directory.hosts() {
            KEEPER => self.start_locked(&directory, program),
            _ => Ok(KEEPER),
        }
    }

    /// Starts a host and waits until it serves. Called under the run's lock.
    fn start_locked(&self, directory: &Directory, program: &Program) -> io::Result<usize> {
        crate::resource::guard_run(self.run.runner.identity())?;
        let host = directory.hosts();
        if host == 0 {
            directory.note_runner(self.run.runner)?;
            super::errors::tell();
        }
        let socket = directory.file(host, "sock");
        // One that did not come so far may have left it.
        let _ = fs::remove_file(&socket);
        // We listen on its behalf: there is always somebody to connect to.
        let listener = UnixListener::bind(&socket)?;
        let mut command = Command::new(&program.path);
        if let Some((place, environment)) = &program.place {
            let environment = environment.iter().map(|(name, value)| (name, value));
            command.current_dir(place).env_clear().envs(environment);
        }
        command
            .args(&program.words)
            .env(
                HOST_VARIABLE,
                Orders::new(host, &self.run, directory).to_string(),
            )
            .stdin(OwnedFd::from(listener));
        Run::forget(&mut command);
        let log = directory.file(host, "log");
        if !program.prints {
            let log = File::create(&log)?;
            command.stdout(log.try_clone()?).stderr(log);
        }
        detach(&mut command);
        let child = command.spawn();
        // It has a copy of the listener, which nobody but the host must have.
        drop(command);
        let child = child?;
        let identity = Identity::of(child.id());
        self.children()
            .push((host, Started::Running(child, identity)));
        let served = Connection::new(directory, host)
            .and_then(|mut connection| {
                connection.ask(&Request::Hello)?;
                Ok(connection)
            })
            .map(|connection| self.put_back(connection));
        if let Err(error) = served {
            let _ = fs::remove_file(&socket);
            let how = self.how_it_ended(host, &error);
            let said = fs::read_to_string(log).unwrap_or_default();
            let text = format!("it could not be started: {how}\n{}", said.trim_end());
            return Err(io::Error::other(text.trim_end().to_owned()));
        }
        Ok(host)
    }

    fn children(&self) -> MutexGuard<'_, Vec<(usize, Started)>> {
        self.children.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Why a host did not answer, in words.
    pub(super) fn how_it_ended(&self, host: usize, error: &io::Error) -> String {
        use io::ErrorKind::{BrokenPipe, ConnectionRefused, ConnectionReset, UnexpectedEof};
        let ended = [
            BrokenPipe,
            ConnectionRefused,
            ConnectionReset,
            UnexpectedEof,
        ];
        if !ended.contains(&error.kind()) {
            return error.to_string();
        }
        let how = self.wait(host);
        let how = how.unwrap_or_else(|| "it ended in the middle of the run".to_owned());
        let doing = self.directory().map(|at| at.file(host, DOING));
        let doing = doing.map(|path| was_doing(&path));
        how + &doing.unwrap_or_default()
    }

    /// Waits for the end of a host that this process has started, and ends what it left in its
    /// group; tells how it ended, if that is known and was not well.
    pub(super) fn wait(&self, host: usize) -> Option<String> {
        let mut children = self.children();
        let (_, started) = children.iter_mut().find(|(known, _)| *known == host)?;
        if let Started::Running(child, identity) = started {
            wait_for_end(child);
            kill_group(child);
            let how = match child.wait() {
                Ok(status) if status.success() => None,
                Ok(status) => Some(format!("it {}", ended_how(status))),
                Err(error) => Some(error.to_string()),
            };
            if let Some(process) = *identity {
                // What its fixtures have started goes before the run does.
                resource::settle(process);
            }
            *started = Started::Ended(how);
        }
        match started {
            Started::Ended(how) => how.clone(),
            Started::Running(..) => None,
        }
    }
}

impl Connection {
    pub(super) fn new(directory: &Directory, host: usize) -> io::Result<Self> {
        let stream = UnixStream::connect(directory.file(host, "sock"))?;
        stream.set_read_timeout(Some(TICK))?;
        Ok(Connection {
            host,
            stream: BufReader::new(stream),
        })
    }

    pub(super) fn ask(&mut self, request: &Request) -> io::Result<Reply> {
        let reply = self.ask_until(request, &|| false)?;
        reply.ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
    }

    /// The same, but gives up with `None` when `is_over`.
    pub(super) fn ask_until(
        &mut self,
        request: &Request,
        is_over: &dyn Fn() -> bool,
    ) -> io::Result<Option<Reply>> {
        protocol::write(self.stream.get_mut(), request)?;
        while !self.has_news()? {
            if is_over() {
                return Ok(None);
            }
        }
        let reply = protocol::read(&mut self.stream)?;
        reply
            .map(Some)
            .ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
    }

    /// Whether something, or the end, came within [`TICK`].
    fn has_news(&mut self) -> io::Result<bool> {
        use io::ErrorKind::{Interrupted, TimedOut, WouldBlock};
        match self.stream.fill_buf() {
            Ok(_) => Ok(true),
            Err(error) if [Interrupted, TimedOut, WouldBlock].contains(&error.kind()) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Waits until the host ends the conversation.
    pub(super) fn wait_for_end(mut self) {
        while let Ok(news) = self.has_news() {
            if news {
                return;
            }
        }
    }

    /// Whether the other side has not ended. Nothing is under way here, so it says nothing.
    #[expect(unsafe_code, reason = "std cannot look without waiting")]
    fn is_open(&self) -> bool {
        let mut poll = libc::pollfd {
            fd: self.stream.get_ref().as_raw_fd(),
            events: libc::POLLIN,
            revents: 0,
        };
        // SAFETY: one entry, as said; it does not wait.
        let ready = unsafe { libc::poll(&raw mut poll, 1, 0) };
        ready == 0
    }
}

/// After so long, those who wait look whether they still have to.
const TICK: Duration = Duration::from_millis(100);

fn is_interrupted() -> bool {
    interrupt::interrupted().is_some()
}

/// The first host before `end` that offers the fixture.
fn find(directory: &Directory, fixture: &str, end: usize) -> Option<usize> {
    for host in 0..end {
        let offers = fs::read_to_string(directory.file(host, "offers")).ok()?;
        if offers.lines().any(|offer| offer == fixture) {
            return Some(host);
        }
    }
    None
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

impl std::fmt::Debug for Hosts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Hosts({})", self.run.id)
    }
}
