//! [`Process`]: the dispatcher's side of a process that runs user code.
//!
//! The test binary runs itself again. Orders and reports go over a socket that the child finds as
//! its stdin; stdout and stderr of the child, of its threads, its own children and its C
//! libraries go to one file that has no name, from which the dispatcher cuts each test's part.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, ExitStatus, Stdio};

use super::child::Role;
use super::protocol::{Order, Report};

/// A running worker or session host.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    orders: UnixStream,
    reports: BufReader<UnixStream>,
    /// `None` where the child writes to our own stdout and stderr.
    capture: Option<File>,
    /// How far the capture has been cut.
    cut: u64,
}

impl Process {
    /// Starts one that does what this process was asked to do.
    pub(crate) fn spawn(role: Role, capture: bool) -> io::Result<Self> {
        let (ours, theirs) = UnixStream::pair()?;
        let mut command = Command::new(std::env::current_exe()?);
        command
            .arg(role.argument())
            .args(std::env::args_os().skip(1))
            .stdin(OwnedFd::from(theirs))
            // Its own group: what a test leaves behind can be killed with it, and a Ctrl-C at the
            // terminal reaches the dispatcher alone, which then stops the run in order.
            .process_group(0);
        if let Some(name) = std::env::args_os().next() {
            command.arg0(name);
        }
        let capture = capture.then(unnamed_file).transpose()?;
        if let Some(capture) = &capture {
            command.stdout(capture.try_clone()?);
            command.stderr(capture.try_clone()?);
        }
        Ok(Process {
            child: command.spawn()?,
            reports: BufReader::new(ours.try_clone()?),
            orders: ours,
            capture,
            cut: 0,
        })
    }

    pub(crate) fn send(&mut self, order: &Order) -> io::Result<()> {
        order.write(&mut self.orders)
    }

    /// The next report; `None` when the process is gone, or talks garbage.
    pub(crate) fn receive(&mut self) -> Option<Report> {
        Report::read(&mut self.reports).ok().flatten()
    }

    /// What was printed since the last cut, up to `end` bytes of the whole.
    pub(crate) fn cut(&mut self, end: u64) -> String {
        let (start, file) = match &mut self.capture {
            Some(file) if end > self.cut => (std::mem::replace(&mut self.cut, end), file),
            _ => return String::new(),
        };
        let mut bytes = Vec::new();
        let read = file
            .seek(SeekFrom::Start(start))
            .and_then(|_| file.take(end - start).read_to_end(&mut bytes));
        match read {
            Ok(_) => String::from_utf8(bytes)
                .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()),
            Err(error) => format!("(the output cannot be read: {error})\n"),
        }
    }

    /// All that was printed since the last cut.
    pub(crate) fn cut_all(&mut self) -> String {
        let end = match &self.capture {
            Some(file) => file.metadata().map_or(0, |meta| meta.len()),
            None => 0,
        };
        self.cut(end)
    }

    /// Kills it, with all that tests started in it and left in its group.
    pub(crate) fn kill(&mut self) {
        kill_group(&self.child);
    }

    /// Waits for its end.
    pub(crate) fn wait(&mut self) -> io::Result<ExitStatus> {
        self.child.wait()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Normally it has ended by itself; nothing of it may outlive us.
        if !matches!(self.child.try_wait(), Ok(Some(_))) {
            kill_group(&self.child);
            let _ = self.child.wait();
        }
    }
}

#[expect(unsafe_code, reason = "std kills one process, not its group")]
fn kill_group(child: &Child) {
    let Ok(group) = i32::try_from(child.id()) else {
        return;
    };
    // SAFETY: a plain system call. The child has not been waited for, so the id is still its own.
    unsafe {
        libc::kill(-group, libc::SIGKILL);
    }
}

/// A file that only its open descriptors know; everybody appends to it.
fn unnamed_file() -> io::Result<File> {
    let dir = std::env::temp_dir();
    for attempt in 0..100 {
        let path = dir.join(format!("itest-output-{}-{attempt}-{:x}", std::process::id(), unique()));
        let file = File::options()
            .read(true)
            .append(true)
            .create_new(true)
            .open(&path);
        match file {
            Ok(file) => {
                std::fs::remove_file(&path)?;
                return Ok(file);
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}

fn unique() -> u64 {
    use std::hash::{BuildHasher, RandomState};
    RandomState::new().hash_one(std::process::id())
}

/// How a process ended, in words.
pub(crate) fn describe(status: ExitStatus) -> String {
    if let Some(signal) = status.signal() {
        let name = match signal {
            libc::SIGABRT => " (SIGABRT, abort)",
            libc::SIGBUS => " (SIGBUS)",
            libc::SIGFPE => " (SIGFPE)",
            libc::SIGILL => " (SIGILL)",
            libc::SIGKILL => " (SIGKILL)",
            libc::SIGSEGV => " (SIGSEGV, segmentation fault)",
            libc::SIGTERM => " (SIGTERM)",
            libc::SIGTRAP => " (SIGTRAP)",
            _ => "",
        };
        format!("the test process was killed by signal {signal}{name}")
    } else {
        match status.code() {
            Some(code) => format!("the test process exited with code {code} in the middle of the test"),
            None => "the test process ended in the middle of the test".to_owned(),
        }
    }
}
