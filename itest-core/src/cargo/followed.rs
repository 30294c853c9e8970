//! [`Followed`]: a process whose output is read while it runs, and which is ended with the run.

use std::io::{self, BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use crate::run::{interrupt, kill_group};

/// How often a running process is looked after when it says nothing.
const TICK: Duration = Duration::from_millis(100);

/// How long it may go on when the run is interrupted.
const GRACE: Duration = Duration::from_secs(10);

/// A process with a group of its own.
#[derive(Debug)]
pub(super) struct Followed {
    child: Child,
    /// Of its stdout.
    lines: Receiver<String>,
}

impl Followed {
    /// Starts it without an input.
    pub(super) fn start(mut command: Command) -> io::Result<Self> {
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            // A Ctrl-C at the terminal reaches us alone, and we stop the run in order.
            .process_group(0);
        let mut child = command.spawn()?;
        let (sender, lines) = mpsc::channel();
        if let Some(stdout) = child.stdout.take() {
            thread::Builder::new()
                .name("itest-output".to_owned())
                .spawn(move || {
                    let mut stdout = BufReader::new(stdout);
                    let mut line = Vec::new();
                    while let Ok(1..) = stdout.read_until(b'\n', &mut line) {
                        let text = String::from_utf8_lossy(&line).into_owned();
                        if sender.send(text).is_err() {
                            return;
                        }
                        line.clear();
                    }
                })?;
        }
        Ok(Followed { child, lines })
    }

    /// Takes what it prints, line by line, to its end.
    pub(super) fn follow(&mut self, mut take: impl FnMut(&str)) {
        let mut interrupted: Option<Instant> = None;
        loop {
            match self.lines.recv_timeout(TICK) {
                Ok(line) => take(&line),
                Err(RecvTimeoutError::Disconnected) => return,
                Err(RecvTimeoutError::Timeout) => {}
            }
            match (interrupt::interrupted(), interrupted) {
                (Some(signal), None) => {
                    self.signal_group(signal);
                    interrupted = Some(Instant::now());
                }
                (Some(_), Some(since)) if since.elapsed() > GRACE => self.kill_group(),
                _ => {}
            }
        }
    }

    /// Waits for its end.
    pub(super) fn wait(&mut self) -> io::Result<ExitStatus> {
        self.child.wait()
    }

    /// Kills what is left of its group.
    pub(super) fn kill_group(&self) {
        kill_group(&self.child);
    }

    #[expect(unsafe_code, reason = "std can only kill")]
    fn signal_group(&self, signal: i32) {
        let Ok(group) = i32::try_from(self.child.id()) else {
            return;
        };
        // SAFETY: a plain system call. The child has not been waited for, so the id is still its
        // own.
        unsafe {
            libc::kill(-group, signal);
        }
    }
}
