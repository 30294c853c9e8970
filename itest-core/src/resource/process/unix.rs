//! Ending processes that need not be children.

use std::io;
use std::time::{Duration, Instant};

use super::Identity;
use super::system::{self, Seen};
use crate::resource::Signal;

/// How long a process may take to be gone after `SIGKILL`.
const KILLED_LIMIT: Duration = Duration::from_secs(10);

/// Asks the process to end, waits, and kills it if need be; does nothing if it has ended.
pub(in crate::resource) fn end(
    process: Identity,
    signal: Signal,
    grace: Duration,
) -> Result<(), String> {
    for (signal, limit) in steps(signal, grace) {
        if !process.runs() {
            break;
        }
        send(process, number(signal)).map_err(|error| unsendable(&error))?;
        if wait_for(&[process], limit) {
            break;
        }
    }
    reap(process.pid);
    match process.runs() {
        true => Err("it does not end, not even by SIGKILL".to_owned()),
        false => Ok(()),
    }
}

/// The same for a group of processes, all of which must end.
pub(in crate::resource) fn end_group(
    leader: Identity,
    session: u32,
    signal: Signal,
    grace: Duration,
) -> Result<(), String> {
    let mut left = members(leader, session);
    for (signal, limit) in steps(signal, grace) {
        if left.is_empty() {
            break;
        }
        send_to_group(leader, &left, number(signal)).map_err(|error| unsendable(&error))?;
        let deadline = Instant::now() + limit;
        // Processes of the group may start others while they end.
        while !left.is_empty() {
            let rest = deadline.saturating_duration_since(Instant::now());
            if !wait_for(&left, rest) {
                break;
            }
            left = members(leader, session);
        }
    }
    reap(leader.pid);
    match members(leader, session)[..] {
        [] => Ok(()),
        _ => Err("it does not end, not even by SIGKILL".to_owned()),
    }
}

fn steps(signal: Signal, grace: Duration) -> [(Signal, Duration); 2] {
    let first = match signal {
        Signal::Kill => Duration::ZERO,
        _ => grace,
    };
    [(signal, first), (Signal::Kill, KILLED_LIMIT)]
}

fn number(signal: Signal) -> i32 {
    match signal {
        Signal::Terminate => libc::SIGTERM,
        Signal::Interrupt => libc::SIGINT,
        Signal::Quit => libc::SIGQUIT,
        Signal::Kill => libc::SIGKILL,
    }
}

fn unsendable(error: &io::Error) -> String {
    format!("it cannot be signalled: {error}")
}

/// Waits for the end of a process, however long it takes.
pub(in crate::resource) fn outlive(process: Identity) {
    const LONG: Duration = Duration::from_secs(3600);
    while !wait_for(&[process], LONG) {}
}

/// The group and the OS session of a process, if it is there.
pub(in crate::resource) fn parent_session(pid: u32) -> Option<(u32, u32)> {
    system::look(pid).map(|seen| (seen.group, seen.session))
}

/// The group of this process.
#[expect(unsafe_code, reason = "std has no process groups")]
pub(in crate::resource) fn own_group() -> u32 {
    // SAFETY: a plain system call that cannot fail.
    let group = unsafe { libc::getpgrp() };
    u32::try_from(group).unwrap_or(0)
}

/// The processes of the group that run.
#[cfg(target_os = "linux")]
fn members(leader: Identity, session: u32) -> Vec<Identity> {
    let at_leader = system::look(leader.pid);
    if at_leader.is_some_and(|seen| seen.started != leader.started) {
        // The number is another process's by now, so nobody of the group is left.
        return Vec::new();
    }
    let is_member = |seen: &Seen| {
        let is_of_group = seen.group == leader.pid && seen.session == session;
        is_of_group && seen.started >= leader.started && !seen.zombie
    };
    let members = system::all().into_iter().filter_map(|pid| {
        let seen = system::look(pid).filter(is_member)?;
        Some(Identity {
            pid,
            started: seen.started,
        })
    });
    members.collect()
}

/// Elsewhere a group counts as one: the leader stands for all.
#[cfg(not(target_os = "linux"))]
fn members(leader: Identity, _: u32) -> Vec<Identity> {
    match leader.runs() {
        true => vec![leader],
        false => Vec::new(),
    }
}

/// To all at once while the leader is there, since then the group's number is certain.
#[expect(unsafe_code, reason = "std sends no signals")]
fn send_to_group(leader: Identity, members: &[Identity], signal: i32) -> io::Result<()> {
    let is_there =
        system::look(leader.pid).is_some_and(|seen: Seen| seen.started == leader.started);
    if !is_there {
        return members.iter().try_for_each(|member| send(*member, signal));
    }
    let group = i32::try_from(leader.pid).map_err(io::Error::other)?;
    // SAFETY: a plain system call.
    if unsafe { libc::kill(-group, signal) } != 0 {
        let error = io::Error::last_os_error();
        return match error.raw_os_error() {
            Some(libc::ESRCH) => Ok(()),
            _ => Err(error),
        };
    }
    if signal != libc::SIGKILL {
        // A process that is stopped does not hear of it otherwise.
        // SAFETY: as above.
        unsafe {
            libc::kill(-group, libc::SIGCONT);
        }
    }
    Ok(())
}

/// Sends to exactly that process; that it has ended is no error.
#[cfg(target_os = "linux")]
fn send(process: Identity, signal: i32) -> io::Result<()> {
    let handle = match Handle::open(process) {
        Ok(Some(handle)) => handle,
        Ok(None) => return Ok(()),
        // An old kernel, or a sandbox that does not know the call.
        Err(_) => return send_to_number(process, signal),
    };
    handle.send(signal)?;
    if signal != libc::SIGKILL {
        // A process that is stopped does not hear of it otherwise.
        handle.send(libc::SIGCONT)?;
    }
    Ok(())
}

#[cfg(not(target_os = "linux"))]
fn send(process: Identity, signal: i32) -> io::Result<()> {
    send_to_number(process, signal)
}

#[expect(unsafe_code, reason = "std sends no signals")]
fn send_to_number(process: Identity, signal: i32) -> io::Result<()> {
    let pid = i32::try_from(process.pid).map_err(io::Error::other)?;
    for signal in [signal, libc::SIGCONT] {
        if !process.runs() {
            break;
        }
        // SAFETY: a plain system call.
        if unsafe { libc::kill(pid, signal) } != 0 {
            let error = io::Error::last_os_error();
            if error.raw_os_error() != Some(libc::ESRCH) {
                return Err(error);
            }
        }
    }
    Ok(())
}

/// Takes the exit status if it is a child of ours that nobody waits for.
#[expect(unsafe_code, reason = "std waits for a `Child` only")]
fn reap(pid: u32) {
    if let Ok(pid) = i32::try_from(pid) {
        // SAFETY: a plain system call that does not wait.
        unsafe {
            libc::waitpid(pid, std::ptr::null_mut(), libc::WNOHANG);
        }
    }
}

/// Waits until all have ended; tells whether they did in time.
#[cfg(target_os = "linux")]
fn wait_for(processes: &[Identity], limit: Duration) -> bool {
    let deadline = Instant::now() + limit;
    processes.iter().all(|process| {
        let rest = deadline.saturating_duration_since(Instant::now());
        match Handle::open(*process) {
            Ok(Some(handle)) => handle.wait(rest),
            Ok(None) => true,
            Err(_) => poll(*process, rest),
        }
    })
}

#[cfg(not(target_os = "linux"))]
fn wait_for(processes: &[Identity], limit: Duration) -> bool {
    let deadline = Instant::now() + limit;
    processes.iter().all(|process| {
        let rest = deadline.saturating_duration_since(Instant::now());
        poll(*process, rest)
    })
}

/// Where there is nothing to wait for.
fn poll(process: Identity, limit: Duration) -> bool {
    const AGAIN: Duration = Duration::from_millis(5);
    let deadline = Instant::now() + limit;
    let (_never, again) = crate::channel::channel::<()>();
    while process.runs() {
        if Instant::now() >= deadline {
            return false;
        }
        let _ = again.recv_timeout(AGAIN);
    }
    true
}

/// A process that cannot be taken for another one while this is held.
#[cfg(target_os = "linux")]
struct Handle(std::os::fd::OwnedFd);

#[cfg(target_os = "linux")]
#[expect(unsafe_code, reason = "std has no handles of foreign processes")]
impl Handle {
    /// `None` if the process is gone.
    fn open(process: Identity) -> io::Result<Option<Self>> {
        use std::os::fd::{FromRawFd, OwnedFd};
        let pid = i32::try_from(process.pid).map_err(io::Error::other)?;
        // SAFETY: a plain system call.
        let fd = unsafe { libc::syscall(libc::SYS_pidfd_open, pid, 0) };
        let Ok(fd) = i32::try_from(fd) else {
            return Err(io::ErrorKind::InvalidData.into());
        };
        if fd < 0 {
            let error = io::Error::last_os_error();
            return match error.raw_os_error() {
                Some(libc::ESRCH) => Ok(None),
                _ => Err(error),
            };
        }
        // SAFETY: the call gave a descriptor that is ours.
        let handle = Handle(unsafe { OwnedFd::from_raw_fd(fd) });
        // Only now the number cannot be used again.
        Ok(process.runs().then_some(handle))
    }

    fn send(&self, signal: i32) -> io::Result<()> {
        use std::os::fd::AsRawFd;
        // SAFETY: a plain system call; no details of the signal are given.
        let sent = unsafe {
            libc::syscall(
                libc::SYS_pidfd_send_signal,
                self.0.as_raw_fd(),
                signal,
                std::ptr::null::<libc::siginfo_t>(),
                0,
            )
        };
        if sent == 0 {
            return Ok(());
        }
        let error = io::Error::last_os_error();
        match error.raw_os_error() {
            Some(libc::ESRCH) => Ok(()),
            _ => Err(error),
        }
    }

    /// Waits for its end; tells whether it came in time.
    fn wait(&self, limit: Duration) -> bool {
        use std::os::fd::AsRawFd;
        let deadline = Instant::now() + limit;
        let mut poll = libc::pollfd {
            fd: self.0.as_raw_fd(),
            events: libc::POLLIN,
            revents: 0,
        };
        loop {
            let rest = deadline.saturating_duration_since(Instant::now());
            let rest = i32::try_from(rest.as_micros().div_ceil(1000)).unwrap_or(i32::MAX);
            // SAFETY: one entry, as said.
            match unsafe { libc::poll(&raw mut poll, 1, rest) } {
                0 => return false,
                ready if ready > 0 => return true,
                _ if io::Error::last_os_error().kind() == io::ErrorKind::Interrupted => {}
                _ => return false,
            }
        }
    }
}
