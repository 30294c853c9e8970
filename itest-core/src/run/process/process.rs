//! [`Process`]: the dispatcher's side of a process that runs user code.
//!
//! The test binary runs again. Orders and reports go over a socket that the child finds as
//! its stdin; stdout and stderr of the child, of its threads, its own children and its C
//! libraries go to one file that has no name, from which the dispatcher cuts each test's part.
//! That a test passed is written to memory that both share, which survives whatever kills the child.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};
use std::os::fd::OwnedFd;
use std::os::unix::fs::FileExt;
use std::os::unix::net::UnixStream;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::PathBuf;
use std::process::{Child, ExitStatus};
use std::time::{Duration, Instant};

use super::child::{Part, Role};
use super::memory::{self, Memory};
use super::protocol::{self, Framed, Order, Passed, PassedTests, Report};
use crate::event::FixtureName;
use crate::report::Reports;
use crate::resource::{self, Identity};
use crate::run::note::{self, Noted};
use crate::run::suite::Launch;
use crate::session::Run;

/// A running worker.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    /// As journals name it.
    identity: Option<Identity>,
    orders: UnixStream,
    reports: BufReader<UnixStream>,
    /// `None` where the child writes to our own stdout and stderr.
    capture: Option<File>,
    /// How far the capture has been cut.
    cut: u64,
    /// Where the output of the fixture under way begins.
    mark: u64,
    /// Which that is, and when we heard of it.
    fixture: Option<(FixtureName, Instant)>,
    passed: Records,
    /// A report that waits for the records before it.
    next: Option<Framed>,
}

/// The memory with the records of passed tests, and the place for notes.
#[derive(Debug)]
struct Records {
    /// `None` where files cannot be shared as memory: then there are reports instead.
    memory: Option<Memory>,
    file: File,
    path: PathBuf,
    read: VecDeque<Passed>,
    /// How many were read so far.
    seen: u64,
    /// How many were taken so far.
    taken: u64,
}

/// What came from a process.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "there is one, for a moment")]
pub(crate) enum Received {
    /// The tests that passed since the last time, in order.
    Passed(Vec<Passed>),
    /// Nothing for a while.
    Nothing,
    /// What else there is to say.
    Report(Report),
    /// It is gone, or talks garbage.
    Gone,
}

/// How long a test that passed may wait for being reported.
const TICK: Duration = Duration::from_millis(100);

impl Process {
    /// Starts one of that binary, as a part of that run.
    ///
    /// `part` is what it needs to know of the run.
    pub(crate) fn spawn(launch: &Launch, run: &Run, capture: bool, part: Part) -> io::Result<Self> {
        let (ours, theirs) = UnixStream::pair()?;
        ours.set_read_timeout(Some(TICK))?;
        let passed = Records::new()?;
        let mut command = launch.command(&[
            Role::Worker.argument().into(),
            passed.shared(),
            part.to_string().into(),
        ])?;
        command
            .stdin(OwnedFd::from(theirs))
            // Its own group: what a test leaves behind can be killed with it, and a Ctrl-C at the
            // terminal reaches the dispatcher alone, which then stops the run in order.
            .process_group(0);
        run.pass_to(&mut command);
        // The dispatcher reports. What a test runs of itself is another run.
        for variable in Reports::VARIABLES {
            command.env_remove(variable);
        }
        let capture = capture.then(unnamed_file).transpose()?;
        if let Some(capture) = &capture {
            command.stdout(capture.try_clone()?);
            command.stderr(capture.try_clone()?);
        }
        let child = command.spawn()?;
        Ok(Process {
            identity: Identity::of(child.id()),
            child,
            reports: BufReader::new(ours.try_clone()?),
            orders: ours,
            capture,
            cut: 0,
            mark: 0,
            fixture: None,
            passed,
            next: None,
        })
    }

    pub(crate) fn send(&mut self, order: &Order) -> io::Result<()> {
        protocol::write(&mut self.orders, order)
    }

    /// Waits for what comes next, in the order in which it happened.
    pub(crate) fn receive(&mut self) -> Received {
        loop {
            if let Some(framed) = &self.next {
                let before = framed.passed.saturating_sub(self.passed.taken);
                let passed = self.passed.take(before);
                if !passed.is_empty() {
                    return Received::Passed(passed);
                }
                if let Some(framed) = self.next.take() {
                    return Received::Report(framed.report);
                }
            }
            // Records first: a report from before them has arrived by the time that we look.
            self.passed.read();
            match self.reports.fill_buf() {
                Ok([]) => return self.last(),
                Ok(_) => match protocol::read(&mut self.reports) {
                    Ok(Some(framed)) => {
                        self.passed.read();
                        self.next = Some(framed);
                    }
                    Ok(None) | Err(_) => return self.last(),
                },
                Err(error) => match error.kind() {
                    io::ErrorKind::Interrupted => {}
                    io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => {
                        let passed = self.passed.take(u64::MAX);
                        return match passed.is_empty() {
                            true => Received::Nothing,
                            false => Received::Passed(passed),
                        };
                    }
                    _ => return self.last(),
                },
            }
        }
    }

    /// What is left when there will be no more reports.
    fn last(&mut self) -> Received {
        self.passed.read();
        let passed = self.passed.take(u64::MAX);
        match passed.is_empty() {
            true => Received::Gone,
            false => Received::Passed(passed),
        }
    }

    /// What was printed since the last cut, up to `end` bytes of the whole.
    pub(crate) fn cut(&mut self, end: u64) -> String {
        let start = self.cut;
        self.cut = start.max(end);
        self.printed(start, end)
    }

    /// Begins a fixture's setup or teardown, and its output.
    pub(crate) fn begin(&mut self, fixture: &FixtureName, start: u64) {
        self.mark = start;
        self.fixture = Some((fixture.clone(), Instant::now()));
    }

    /// The fixture whose setup or teardown has begun, and how long ago; it has ended now.
    pub(crate) fn take_fixture(&mut self) -> Option<(FixtureName, Duration)> {
        let (fixture, begun) = self.fixture.take()?;
        Some((fixture, begun.elapsed()))
    }

    /// What was printed since the mark. It stays part of what will be cut.
    pub(crate) fn since_mark(&self, end: u64) -> String {
        self.printed(self.mark, end)
    }

    fn printed(&self, start: u64, end: u64) -> String {
        let file = match &self.capture {
            Some(file) if end > start => file,
            _ => return String::new(),
        };
        // Not by `seek`: the child shares the position, and its output moves it.
        let mut bytes = vec![0; usize::try_from(end - start).unwrap_or(usize::MAX)];
        match file.read_exact_at(&mut bytes, start) {
            Ok(()) => String::from_utf8(bytes)
                .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()),
            Err(error) => format!("(the output cannot be read: {error})\n"),
        }
    }

    /// All that was printed since the last cut.
    pub(crate) fn cut_all(&mut self) -> String {
        self.cut(self.printed_so_far())
    }

    /// Length of the capture file.
    pub(crate) fn printed_so_far(&self) -> u64 {
        match &self.capture {
            Some(file) => file.metadata().map_or(0, |meta| meta.len()),
            None => 0,
        }
    }

    /// What it was doing with a fixture when it ended.
    pub(crate) fn was_doing(&self) -> Option<Noted> {
        self.passed.noted()
    }

    /// Kills it, with all that tests started in it and left in its group.
    pub(crate) fn kill(&mut self) {
        kill_group(&self.child);
    }

    /// Waits for its end, and ends what it left behind in its group.
    pub(crate) fn wait(&mut self) -> io::Result<ExitStatus> {
        wait_for_end(&self.child);
        kill_group(&self.child);
        let status = self.child.wait();
        // What it has started may be in the way of its successor.
        if let Some(process) = self.identity {
            resource::settle(process);
        }
        status
    }
}

impl Records {
    fn new() -> io::Result<Self> {
        let (mut file, path) = temporary_file("passed")?;
        // Written, so that there is room for it whatever happens to the disk.
        file.write_all(&[0; memory::LENGTH])?;
        Ok(Records {
            memory: Memory::of(&file).ok(),
            file,
            path,
            read: VecDeque::new(),
            seen: 0,
            taken: 0,
        })
    }

    /// The file, where it is of use.
    fn shared(&self) -> OsString {
        match self.memory {
            Some(_) => (&self.path).into(),
            None => OsString::new(),
        }
    }

    /// Reads those that are there.
    fn read(&mut self) {
        let Some(memory) = &self.memory else {
            return;
        };
        let passed = memory.passed();
        let count = passed.count();
        // More at once there cannot be, but where a test writes into memory that is not its own.
        if count.saturating_sub(self.seen) > PassedTests::ROOM as u64 {
            return;
        }
        while self.seen < count {
            self.read.push_back(passed.get(self.seen));
            self.seen += 1;
        }
    }

    /// What the child noted last, if it was under way when it ended.
    fn noted(&self) -> Option<Noted> {
        let mut place = [0; note::LENGTH];
        self.file.read_exact_at(&mut place, 0).ok()?;
        note::read(&place)
    }

    /// Takes at most so many.
    fn take(&mut self, most: u64) -> Vec<Passed> {
        let count = usize::try_from(most)
            .unwrap_or(usize::MAX)
            .min(self.read.len());
        self.taken += count as u64;
        self.read.drain(..count).collect()
    }
}

impl Drop for Records {
    fn drop(&mut self) {
        // The child removes it when it has opened it; this one did not come so far.
        let _ = std::fs::remove_file(&self.path);
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
pub(crate) fn kill_group(child: &Child) {
    let Ok(group) = i32::try_from(child.id()) else {
        return;
    };
    // SAFETY: a plain system call. The child has not been waited for, so the id is still its own.
    unsafe {
        libc::kill(-group, libc::SIGKILL);
    }
}

/// Waits without taking the exit status: until that is taken, the process's id is its own.
#[expect(unsafe_code, reason = "std takes the status at once")]
pub(crate) fn wait_for_end(child: &Child) {
    let mut info = std::mem::MaybeUninit::zeroed();
    // SAFETY: the child is ours and has not been waited for; `info` is only written.
    while unsafe {
        libc::waitid(
            libc::P_PID,
            child.id(),
            info.as_mut_ptr(),
            libc::WEXITED | libc::WNOWAIT,
        )
    } != 0
    {
        if io::Error::last_os_error().kind() != io::ErrorKind::Interrupted {
            return;
        }
    }
}

/// A file that only its open descriptors know; everybody appends to it.
fn unnamed_file() -> io::Result<File> {
    let (file, path) = temporary_file("output")?;
    std::fs::remove_file(path)?;
    Ok(file)
}

/// A file that is locked while we live: others sweep it otherwise.
fn temporary_file(what: &str) -> io::Result<(File, PathBuf)> {
    use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
    let directory = resource::files()?;
    loop {
        let path = directory.join(format!("{what}-{}-{:x}", std::process::id(), unique()));
        let file = File::options()
            .read(true)
            .append(true)
            .create_new(true)
            .mode(0o600)
            .open(&path);
        let file = match file {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => continue,
            Err(error) => return Err(error),
        };
        file.lock()?;
        // Between the two, a sweep may have found it free.
        if file.metadata()?.nlink() > 0 {
            return Ok((file, path));
        }
    }
}

fn unique() -> u64 {
    use std::hash::{BuildHasher, RandomState};
    RandomState::new().hash_one(std::process::id())
}

/// How a process ended, as the end of a sentence about it.
pub(crate) fn ended_how(status: ExitStatus) -> String {
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
        format!("was killed by signal {signal}{name}")
    } else {
        match status.code() {
            Some(code) => format!("exited with code {code}"),
            None => "ended".to_owned(),
        }
    }
}
