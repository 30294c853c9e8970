//! [`Runner`]: the process whose end is the end of the run.

use std::io;

/// A process, told from a later one with the same number by its start time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Runner {
    pub(super) pid: u32,
    /// As the system counts; 0 where it does not tell.
    pub(super) started: u64,
}

impl Runner {
    /// This process.
    pub(super) fn this() -> Self {
        Runner::of(std::process::id())
    }

    /// The process that started this one.
    pub(super) fn parent() -> Self {
        Runner::of(std::os::unix::process::parent_id())
    }

    /// The nearest nextest above this process, or its parent.
    pub(super) fn of_nextest() -> Self {
        if let Some(nextest) = Runner::above(|name| name.contains("nextest")) {
            return nextest;
        }
        if cfg!(target_os = "linux") {
            // We are what is left of a run whose runner has ended already.
            return Runner { pid: 0, started: 0 };
        }
        Runner::parent()
    }

    /// The nearest cargo above this process; `None` also where the system does not tell.
    pub(super) fn of_cargo() -> Option<Self> {
        Runner::above(|name| name == "cargo")
    }

    /// The nearest process above this one whose program is called so.
    fn above(is_called: impl Fn(&str) -> bool) -> Option<Self> {
        let mut pid = std::os::unix::process::parent_id();
        // Wrappers may stand between; a process has few ancestors.
        for _ in 0..32 {
            if name_of(pid).is_some_and(|name| is_called(&name)) {
                return Some(Runner::of(pid));
            }
            pid = parent_of(pid).filter(|above| *above > 1)?;
        }
        None
    }

    fn of(pid: u32) -> Self {
        Runner {
            pid,
            started: start_of(pid).unwrap_or(0),
        }
    }

    /// As journals have it.
    pub(super) fn identity(self) -> crate::resource::Identity {
        crate::resource::Identity {
            pid: self.pid,
            started: self.started,
        }
    }

    /// Waits for its end.
    pub(super) fn wait(self) -> io::Result<()> {
        match self.pid {
            0 => Ok(()),
            _ => wait(self),
        }
    }

    /// Whether it still runs.
    pub(super) fn is_there(self) -> bool {
        self.identity().runs()
    }
}

/// The fields of `/proc/PID/stat` behind the name, which may have blanks and brackets in it.
fn stat(pid: u32) -> Option<Vec<String>> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, fields) = text.rsplit_once(')')?;
    Some(fields.split_whitespace().map(str::to_owned).collect())
}

fn name_of(pid: u32) -> Option<String> {
    let exe = std::fs::read_link(format!("/proc/{pid}/exe")).ok()?;
    Some(exe.file_name()?.to_string_lossy().into_owned())
}

fn parent_of(pid: u32) -> Option<u32> {
    stat(pid)?.get(1)?.parse().ok()
}

fn start_of(pid: u32) -> Option<u64> {
    stat(pid)?.get(19)?.parse().ok()
}

#[cfg(target_os = "linux")]
#[expect(
    unsafe_code,
    reason = "std cannot wait for a process that is not a child"
)]
fn wait(runner: Runner) -> io::Result<()> {
    use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};

    let pid = i32::try_from(runner.pid).map_err(io::Error::other)?;
    // SAFETY: a plain system call.
    let fd = unsafe { libc::syscall(libc::SYS_pidfd_open, pid, 0) };
    let Ok(fd) = i32::try_from(fd) else {
        return Err(io::ErrorKind::InvalidData.into());
    };
    if fd < 0 {
        let error = io::Error::last_os_error();
        return match error.raw_os_error() {
            Some(libc::ESRCH) => Ok(()),
            _ => Err(error),
        };
    }
    // SAFETY: the call gave a descriptor that is ours.
    let fd = unsafe { OwnedFd::from_raw_fd(fd) };
    // Only now the number cannot be used again.
    if !runner.is_there() {
        return Ok(());
    }
    let mut poll = libc::pollfd {
        fd: fd.as_raw_fd(),
        events: libc::POLLIN,
        revents: 0,
    };
    loop {
        // SAFETY: one entry, as said.
        if unsafe { libc::poll(&raw mut poll, 1, -1) } > 0 {
            return Ok(());
        }
        let error = io::Error::last_os_error();
        if error.kind() != io::ErrorKind::Interrupted {
            return Err(error);
        }
    }
}

#[cfg(not(target_os = "linux"))]
fn wait(runner: Runner) -> io::Result<()> {
    // Without pidfd there is nothing portable to wait for; asking twice a second costs nothing.
    let (_never, again) = crate::channel::channel::<()>();
    while exists(runner.pid) {
        let _ = again.recv_timeout(std::time::Duration::from_millis(500));
    }
    Ok(())
}

#[cfg(not(target_os = "linux"))]
#[expect(
    unsafe_code,
    reason = "std cannot look at a process that is not a child"
)]
fn exists(pid: u32) -> bool {
    // SAFETY: signal 0 only asks whether the process is there.
    i32::try_from(pid).is_ok_and(|pid| unsafe { libc::kill(pid, 0) } == 0)
}
