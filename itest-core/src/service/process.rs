//! [`ServerProcess`]: a server that runs for us: started, watched, and stopped in its own way.

use std::fs::{self, File};
use std::io;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::directory::ServiceDirectory;
use super::error::{Context, Error, Result};
use crate::resource::{Registration, Resource, Signal};

/// How long a server may take to come up, on a machine that does much else.
pub(crate) const START_LIMIT: Duration = Duration::from_secs(60);

/// How long a server may take to end after its signal.
const STOP_LIMIT: Duration = Duration::from_secs(10);

/// How much of a log an error shows.
const SHOWN_LINES: usize = 15;

/// The signal that makes a server end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StopSignal {
    /// `SIGTERM`
    Terminate,
    /// `SIGQUIT`
    Quit,
    /// `SIGKILL`, for servers that take long to say goodbye.
    Kill,
}

/// A child process with its log; stopped on drop, and if this process dies before.
#[derive(Debug)]
pub(crate) struct ServerProcess {
    name: &'static str,
    child: Child,
    log: PathBuf,
    stop: StopSignal,
    registration: Option<Registration>,
}

impl ServerProcess {
    /// Starts a server in its directory, as the directory's user; its output goes to `log` there.
    ///
    /// It gets a process group of its own: a terminal's Ctrl-C is for the run, which stops it.
    pub(crate) fn start(
        name: &'static str,
        mut command: Command,
        directory: &ServiceDirectory,
        stop: StopSignal,
    ) -> Result<Self> {
        let log = directory.path().join("log");
        let file =
            File::create(&log).context(|| format!("cannot create the log `{}`", log.display()))?;
        directory.hand_over(&log)?;
        let second = file
            .try_clone()
            .context(|| format!("cannot share the log `{}`", log.display()))?;
        if let Some(user) = directory.user() {
            user.runs(&mut command);
        }
        own_group(&mut command);
        let program = command.get_program().to_owned();
        command
            // Its user need not be able to enter ours.
            .current_dir(directory.path())
            .stdin(Stdio::null())
            .stdout(file)
            .stderr(second);
        let signal = match stop {
            StopSignal::Terminate => Signal::Terminate,
            StopSignal::Quit => Signal::Quit,
            StopSignal::Kill => Signal::Kill,
        };
        let resource = |pid| Resource::process_group(pid).signal(signal);
        let (child, registration) = Resource::spawn_for_process(command, resource)
            .context(|| format!("cannot start `{}`", program.display()))?;
        Ok(ServerProcess {
            name,
            child,
            log,
            stop,
            registration: Some(registration),
        })
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Asks `is_ready` until it gives something: a server tells nobody that it is up.
    ///
    /// # Errors
    /// When the server ends before, or takes longer than a minute; with the end of its log.
    pub(crate) fn until_ready<T>(&mut self, mut is_ready: impl FnMut() -> Option<T>) -> Result<T> {
        let start = Instant::now();
        loop {
            if let Some(ready) = is_ready() {
                return Ok(ready);
            }
            if let Some(status) = self.exited()? {
                let what = format!("{} did not start: {status}", self.name);
                return Err(self.error(what));
            }
            if start.elapsed() > START_LIMIT {
                let what = format!("{} did not start within {START_LIMIT:?}", self.name);
                return Err(self.error(what));
            }
            thread::sleep(Duration::from_millis(1));
        }
    }

    /// How it ended, if it has.
    pub(crate) fn exited(&mut self) -> Result<Option<ExitStatus>> {
        self.child
            .try_wait()
            .context(|| format!("cannot watch the process of {}", self.name))
    }

    /// Everything it has printed so far.
    pub(crate) fn log(&self) -> &Path {
        &self.log
    }

    fn error(&self, what: String) -> Error {
        Error::new(what).caused_by(log_tail(&self.log))
    }

    /// Lets it go on, also when this process has ended.
    pub(crate) fn leave(mut self) {
        if let Some(registration) = self.registration.take() {
            registration.release();
        }
        // Dropping would stop it.
        std::mem::forget(self);
    }

    /// Stops it, and waits until it is gone.
    ///
    /// # Errors
    /// When it had ended before by itself, or did not end in time and was killed.
    pub(crate) fn stop(&mut self) -> Result<()> {
        if let Some(status) = self.exited()? {
            return Err(self.error(format!(
                "{} ended before it was stopped: {status}",
                self.name
            )));
        }
        signal(&mut self.child, self.stop)
            .context(|| format!("cannot stop {} (process {})", self.name, self.pid()))?;
        let start = Instant::now();
        // There is no waiting for a child with a limit in std.
        while self.exited()?.is_none() {
            if start.elapsed() > STOP_LIMIT {
                let _ = self.child.kill();
                let _ = self.child.wait();
                let what = format!(
                    "{} did not stop within {STOP_LIMIT:?} and was killed",
                    self.name
                );
                return Err(self.error(what));
            }
            thread::sleep(Duration::from_millis(1));
        }
        Ok(())
    }
}

impl Drop for ServerProcess {
    fn drop(&mut self) {
        if matches!(self.exited(), Ok(None)) {
            let _ = self.stop();
        }
        // What is left of it, children of a server that was killed for instance, stays registered.
        if let Some(registration) = self.registration.take() {
            let _ = registration.clean();
        }
    }
}

/// The last lines of a log, for an error.
pub(crate) fn log_tail(log: &Path) -> String {
    let text = match fs::read(log) {
        Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(error) => return format!("its log cannot be read: {error}"),
    };
    let lines: Vec<&str> = text.lines().collect();
    if lines.is_empty() {
        return "it printed nothing".to_owned();
    }
    let shown = &lines[lines.len().saturating_sub(SHOWN_LINES)..];
    format!("its log ends with:\n    {}", shown.join("\n    "))
}

/// Runs a command to its end; its output if it went well.
///
/// # Errors
/// With what it printed.
pub(crate) fn run(command: &mut Command) -> Result<String> {
    let program = command.get_program().display().to_string();
    let output = command
        .stdin(Stdio::null())
        .output()
        .context(|| format!("cannot run `{program}`"))?;
    outcome(&program, &output)
}

fn outcome(program: &str, output: &Output) -> Result<String> {
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let mut printed = String::from_utf8_lossy(&output.stderr).into_owned();
    if printed.trim().is_empty() {
        printed = String::from_utf8_lossy(&output.stdout).into_owned();
    }
    let what = format!("`{program}` failed: {}", output.status);
    Err(Error::new(what).caused_by(printed.trim().replace('\n', "\n    ")))
}

/// As [`run`], for what may hang and prints little: killed when the time is over.
#[cfg(feature = "container")]
pub(crate) fn run_within(mut command: Command, limit: Duration) -> Result<String> {
    let program = command.get_program().display().to_string();
    let failed = || format!("cannot run `{program}`");
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .context(failed)?;
    let start = Instant::now();
    while child.try_wait().context(failed)?.is_none() {
        if start.elapsed() > limit {
            let _ = child.kill();
            let _ = child.wait();
            let what = format!("`{program}` did not end within {limit:?}");
            return Err(Error::new(what));
        }
        thread::sleep(Duration::from_millis(1));
    }
    outcome(&program, &child.wait_with_output().context(failed)?)
}

/// A port of the loopback interface that nobody has at this moment.
///
/// Somebody may take it before the server does: try again with another one then.
pub(crate) fn free_port() -> io::Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}

#[cfg(unix)]
fn own_group(command: &mut Command) {
    std::os::unix::process::CommandExt::process_group(command, 0);
}

#[cfg(not(unix))]
fn own_group(_: &mut Command) {}

#[cfg(unix)]
#[expect(unsafe_code, reason = "std sends no signal but SIGKILL")]
fn signal(child: &mut Child, signal: StopSignal) -> io::Result<()> {
    let number = match signal {
        StopSignal::Terminate => libc::SIGTERM,
        StopSignal::Quit => libc::SIGQUIT,
        StopSignal::Kill => return child.kill(),
    };
    let pid = libc::pid_t::try_from(child.id()).map_err(io::Error::other)?;
    // SAFETY: a plain system call. Nobody has waited for the child, so the number is still its.
    match unsafe { libc::kill(pid, number) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

#[cfg(not(unix))]
fn signal(child: &mut Child, _: StopSignal) -> io::Result<()> {
    child.kill()
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn shell(script: &str, stop: StopSignal) -> (ServiceDirectory, ServerProcess) {
        let directory = ServiceDirectory::create("sample", 1, None).unwrap();
        let mut command = Command::new("/bin/sh");
        command.args(["-c", script]);
        let server = ServerProcess::start("Sample", command, &directory, stop).unwrap();
        (directory, server)
    }

    #[test]
    fn one_that_ends_too_early_shows_its_log() {
        let script = "echo why it cannot; exit 3";
        let (_directory, mut server) = shell(script, StopSignal::Terminate);
        let error = server.until_ready(|| None::<()>).unwrap_err();
        let text = format!("{error:?}");
        assert!(
            text.contains("Sample did not start: exit status: 3"),
            "{text}"
        );
        assert!(text.contains("why it cannot"), "{text}");
    }

    #[test]
    fn it_stops_in_its_own_way() {
        let script = "trap 'echo bye; exit' TERM; echo up; while :; do sleep 0.01; done";
        let (directory, mut server) = shell(script, StopSignal::Terminate);
        let log = directory.path().join("log");
        let reads = |text: &str| fs::read_to_string(&log).unwrap().contains(text);
        server.until_ready(|| reads("up").then_some(())).unwrap();
        server.stop().unwrap();
        assert!(reads("bye"));
        let again = server.stop().unwrap_err().to_string();
        assert!(again.contains("ended before it was stopped"), "{again}");
    }

    #[test]
    fn output_of_a_failed_command_is_told() {
        let mut command = Command::new("/bin/sh");
        let error = run(command.args(["-c", "echo no >&2; exit 1"])).unwrap_err();
        assert!(format!("{error:?}").contains("caused by: no"), "{error:?}");
    }
}
