//! [`Resource`]: what lives outside of the process, and is cleaned for certain.
//!
//! A process, directory or container that is registered stands in a journal before it counts.
//! The process that registered it is its *owner*: it cleans what is left after a fixture's
//! teardown. If the owner dies first, its `reaper` cleans, a process that was started with the first
//! registration; if both die, the next run's `sweep` does. A process is known by its number *and*
//! its start time.

mod clean;
#[cfg(unix)]
pub(crate) mod examine;
#[cfg(unix)]
mod form;
#[cfg(unix)]
mod journal;
mod owner;
mod process;
#[cfg(unix)]
mod reaper;
mod record;
mod spawn;
#[cfg(unix)]
mod sweep;
mod validate;

use std::ffi::OsString;
use std::fmt;
use std::io;
use std::path::PathBuf;
use std::process::{Child, Command};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

pub(crate) use owner::finish;
#[cfg(unix)]
pub(crate) use owner::{guard_host, guard_run};
#[cfg(unix)]
pub(crate) use process::Identity;
#[cfg(unix)]
pub(crate) use sweep::{files, settle, sweep};

/// Something outside of the process that must not stay: a process, a directory, a container.
///
/// Register it with [`Request::register`](crate::Request::register) in a test or fixture, as soon
/// as there is something to clean. What is still there after the code behind `provide!`, after
/// `Drop` and after deferred clean-up, is then cleaned, what was registered last first. It is
/// cleaned too if the setup fails or panics, and if the process is killed: registering suffices
/// as teardown.
///
/// - A process gets its [`Signal`], some time to end, then `SIGKILL`.
/// - A directory is removed with all that is in it. It may be registered before it is made.
/// - A container is removed by `ENGINE rm -f -v ID`.
///
/// What is gone already is nothing to worry about. What cannot be cleaned is a teardown error.
///
/// ```no_run
/// use itest::prelude::*;
/// use itest::{Resource, Signal};
///
/// #[fixture(scope = "session")]
/// fn postgres(request: &Request) -> Result<String> {
///     let data = std::env::temp_dir().join(format!("data-{}", std::process::id()));
///     request.register(Resource::directory(&data));
///     std::fs::create_dir(&data)?;
///     let server = std::process::Command::new("postgres").arg("-D").arg(&data).spawn()?;
///     // SIGQUIT: it ends at once and leaves nothing behind.
///     request.register(Resource::process(server.id()).signal(Signal::Quit));
///     Ok(format!("postgres:///postgres?host={}", data.display()))
/// }
/// ```
///
#[doc = include_str!("../../docs/cleanup.md")]
#[derive(Debug, Clone, PartialEq)]
pub struct Resource {
    kind: Kind,
    signal: Signal,
    grace: Duration,
}

#[derive(Debug, Clone, PartialEq)]
enum Kind {
    Process(u32),
    ProcessGroup(u32),
    Directory(PathBuf),
    Container { engine: OsString, id: String },
    LabelledContainers { engine: OsString, label: String },
}

/// How long a process may take to end after its signal, unless [`Resource::grace`] says otherwise.
const GRACE: Duration = Duration::from_secs(5);

impl Resource {
    /// The process of that number: a child that was just started.
    ///
    /// It is not to be waited for any more when it has been cleaned.
    pub fn process(pid: u32) -> Self {
        Kind::Process(pid).into()
    }

    /// The group that the process of that number leads, with all that is in it.
    ///
    /// The process must have been started as a leader, by
    /// [`CommandExt::process_group(0)`](std::os::unix::process::CommandExt::process_group) for
    /// instance.
    pub fn process_group(leader: u32) -> Self {
        Kind::ProcessGroup(leader).into()
    }

    /// The directory of that path, which need not be there yet.
    ///
    /// A relative path is taken from the current directory as it is now.
    pub fn directory(path: impl Into<PathBuf>) -> Self {
        Kind::Directory(path.into()).into()
    }

    /// The container of that name or number.
    ///
    /// `engine` is the program that made it: `docker`, `podman`, or a path.
    pub fn container(engine: impl Into<OsString>, id: impl Into<String>) -> Self {
        Kind::Container {
            engine: engine.into(),
            id: id.into(),
        }
        .into()
    }

    /// All containers with that label, `NAME=VALUE`, which a [`Resource::container_label`] is.
    ///
    /// Registered before a container is started, it finds the one whose number nobody had come to
    /// know.
    ///
    /// ```no_run
    /// use itest::Resource;
    /// use itest::prelude::*;
    ///
    /// #[fixture(scope = "session")]
    /// fn cache(request: &Request) -> Result<String> {
    ///     let label = Resource::container_label();
    ///     request.register(Resource::labelled_containers("docker", &label));
    ///     let output = std::process::Command::new("docker")
    ///         .args(["run", "--detach", "--label", &label, "redis"])
    ///         .output()?;
    ///     Ok(String::from_utf8(output.stdout)?)
    /// }
    /// ```
    pub fn labelled_containers(engine: impl Into<OsString>, label: impl Into<String>) -> Self {
        Kind::LabelledContainers {
            engine: engine.into(),
            label: label.into(),
        }
        .into()
    }

    /// A label that no other container has: `itest.run=PROCESS-NUMBER`, another one at each call.
    ///
    /// Whoever removes containers by it removes nobody else's.
    pub fn container_label() -> String {
        static NEXT: AtomicU32 = AtomicU32::new(1);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        format!("itest.run={}-{number}", owner::identity())
    }

    /// The signal by which a process is asked to end; [`Signal::Terminate`] if not said.
    ///
    /// Means nothing for directories and containers.
    #[must_use]
    pub fn signal(mut self, signal: Signal) -> Self {
        self.signal = signal;
        self
    }

    /// How long a process may take to end after its signal, before it is killed; 5 seconds if not
    /// said.
    ///
    /// Means nothing for directories and containers.
    #[must_use]
    pub fn grace(mut self, grace: Duration) -> Self {
        self.grace = grace;
        self
    }

    /// Registers it for this process: it is cleaned when the process ends, however it ends.
    ///
    /// For code that has no `request`, a builder that tests call for instance. In a test or
    /// fixture use [`Request::register`](crate::Request::register), which cleans earlier.
    ///
    /// # Panics
    /// As [`Request::register`](crate::Request::register) does.
    ///
    /// ```
    /// use itest::Resource;
    ///
    /// let path = std::env::temp_dir().join(format!("scratch-{}", std::process::id()));
    /// let registration = Resource::directory(&path).register_for_process();
    /// std::fs::create_dir(&path)?;
    /// registration.clean()?;
    /// assert!(!path.exists());
    /// # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
    /// ```
    #[track_caller]
    pub fn register_for_process(self) -> Registration {
        self.register("this process")
    }

    /// Starts a program that is registered for this process before it runs: even if this process is
    /// killed at that very moment, it does not stay.
    ///
    /// `resource` makes the resource from the number of the process. For code that has no `request`;
    /// in a test or fixture use [`Request::spawn`](crate::Request::spawn), which has an example.
    ///
    /// # Errors
    /// When the program cannot be started.
    ///
    /// # Panics
    /// As [`Request::register`](crate::Request::register) does; the program then does not run.
    pub fn spawn_for_process(
        command: Command,
        resource: impl FnOnce(u32) -> Resource + Send,
    ) -> io::Result<(Child, Registration)> {
        spawn::spawn(command, Box::new(resource), "this process")
    }

    /// `user` is who registers it, for those who read the journal.
    #[track_caller]
    pub(crate) fn register(self, user: &str) -> Registration {
        let record = match validate::record(&self) {
            Ok(record) => record,
            Err(error) => panic!("{error}"),
        };
        match owner::add(record, user) {
            Ok(id) => Registration { id },
            Err(error) => panic!(
                "{self} would stay if this process died: its journal cannot be written\n  \
                 caused by: {error}\n  = help: the directory for temporary files, `TMPDIR`, must \
                 be writable"
            ),
        }
    }
}

impl From<Kind> for Resource {
    fn from(kind: Kind) -> Self {
        Resource {
            kind,
            signal: Signal::default(),
            grace: GRACE,
        }
    }
}

impl fmt::Display for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            Kind::Process(pid) => write!(f, "process {pid}"),
            Kind::ProcessGroup(leader) => write!(f, "process group {leader}"),
            Kind::Directory(path) => write!(f, "directory `{}`", path.display()),
            Kind::Container { id, .. } => write!(f, "container `{id}`"),
            Kind::LabelledContainers { label, .. } => write!(f, "containers labelled `{label}`"),
        }
    }
}

/// By which signal a process is asked to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Signal {
    /// `SIGTERM`.
    #[default]
    Terminate,
    /// `SIGINT`, as Ctrl-C sends.
    Interrupt,
    /// `SIGQUIT`: PostgreSQL ends at once and leaves nothing behind.
    Quit,
    /// `SIGKILL`: it is not asked.
    Kill,
}

/// That a [`Resource`] is registered.
///
/// It need not be kept: dropping it changes nothing.
#[derive(Debug, PartialEq, Eq)]
pub struct Registration {
    id: u64,
}

impl Registration {
    /// Says that the resource is gone, or shall stay: it is not cleaned.
    pub fn release(self) {
        owner::release(self.id);
    }

    /// Cleans the resource now and not later.
    ///
    /// # Errors
    /// When it is still there; it stays registered.
    pub fn clean(self) -> crate::Result {
        Ok(owner::clean(self.id)?)
    }

    pub(crate) fn id(&self) -> u64 {
        self.id
    }
}

/// [`Resource::spawn_for_process`] for a fixture or test.
pub(crate) fn spawn(
    command: Command,
    resource: impl FnOnce(u32) -> Resource + Send,
    user: &str,
) -> io::Result<(Child, Registration)> {
    spawn::spawn(command, Box::new(resource), user)
}

/// Cleans what was registered under that number, unless that has been done.
pub(crate) fn clean(id: u64) -> Result<(), String> {
    owner::clean(id)
}

#[cfg(all(test, target_os = "linux"))]
mod tests;
