//! The reaper: a process that cleans what its owner cannot clean any more.
//!
//! It is the same program once more, taken over before its `main`, so that it is the same in every
//! test binary, whatever its harness. It waits for the end of a pipe that its owner holds open, and
//! goes if the owner has removed the journal by then.

use std::ffi::OsStr;
use std::io::{self, PipeWriter, Read};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::process::outlive;
use super::sweep;

use crate::listing::numbers;

/// Tells a process that it is a reaper, and of which journal.
pub(super) const REAPER_VARIABLE: &str = "ITEST_REAPER";

/// A reaper under way: when this is dropped, or its process ends, it goes to work.
#[derive(Debug)]
pub(super) struct Reaper {
    _alive: PipeWriter,
}

impl Reaper {
    /// Starts the reaper of that journal.
    pub(super) fn start(journal: &Path) -> io::Result<Self> {
        let (waiting, alive) = io::pipe()?;
        let mut command = Command::new(program()?);
        command
            .arg0(name())
            .env(REAPER_VARIABLE, journal)
            .current_dir("/")
            .stdin(waiting)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // From its first moment out of reach of signals for our group.
            .process_group(0);
        // It leaves at once, and what it leaves behind is nobody's child: tests that count their
        // children, or wait for any, do not see it.
        command.spawn()?.wait()?;
        Ok(Reaper { _alive: alive })
    }
}

/// This very program, also if its file was removed or replaced.
fn program() -> io::Result<PathBuf> {
    match cfg!(target_os = "linux") {
        true => Ok(PathBuf::from("/proc/self/exe")),
        false => std::env::current_exe(),
    }
}

fn name() -> std::ffi::OsString {
    std::env::args_os()
        .next()
        .unwrap_or_else(|| "itest-reaper".into())
}

ctor::declarative::ctor! {
    // SAFETY: runs before `main`, like the registrations of tests. It reads one variable; only a
    // reaper does more, and never reaches `main`.
    #[ctor(unsafe)]
    fn reap_if_asked() {
        if let Some(journal) = std::env::var_os(REAPER_VARIABLE) {
            // A panic must not leave through the C code that called us.
            let _ = std::panic::catch_unwind(|| live(&journal));
            end();
        }
    }
}

/// The whole life of a reaper.
fn live(journal: &OsStr) {
    if !detach() {
        return;
    }
    // The owner never writes.
    let _ = io::stdin().read_to_end(&mut Vec::new());
    let swept = sweep::clean_journal(Path::new(journal), sweep::Wait::ForLock);
    if let Some(runner) = swept.and_then(|swept| swept.contents.runner) {
        // As long as the run lasts, its directory tells that the host has died.
        outlive(runner);
        crate::session::sweep_runs();
    }
}

/// Becomes the child of nobody, in an OS session of its own, with no files but stdin; tells
/// whether we are what goes on.
#[expect(unsafe_code, reason = "std cannot fork, and has no sessions")]
fn detach() -> bool {
    // SAFETY: before `main` there is one thread, so the child is like its parent.
    match unsafe { libc::fork() } {
        0 => {}
        // Without a child we do it ourselves; our owner then waits for us, which is wrong only if
        // it goes on.
        _ => return false,
    }
    // SAFETY: plain system calls.
    unsafe {
        libc::setsid();
    }
    close_files();
    true
}

/// Closes what the owner had open and passed on to its children.
#[expect(unsafe_code, reason = "files that nobody here has opened")]
fn close_files() {
    #[cfg(target_os = "linux")]
    {
        // SAFETY: nothing of this process has opened files yet.
        let closed = unsafe { libc::syscall(libc::SYS_close_range, 3, u32::MAX, 0) };
        if closed == 0 {
            return;
        }
    }
    for fd in numbers(Path::new("/dev/fd")) {
        if fd > 2 {
            // SAFETY: as above; the directory's own descriptor is closed by now.
            unsafe {
                libc::close(fd as i32);
            }
        }
    }
}

#[expect(unsafe_code, reason = "what runs at an exit is not ours to run")]
fn end() -> ! {
    // SAFETY: a plain system call.
    unsafe { libc::_exit(0) }
}
