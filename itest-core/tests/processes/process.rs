//! The processes of a run, as `/proc` shows them.

use std::fs;

/// A process that was found.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) pid: u32,
    /// Its arguments.
    words: Vec<String>,
    /// It was started as a host for several processes.
    has_host_variable: bool,
    /// nextest started it for one test, or such a process did.
    has_test_variable: bool,
    /// It was started as the reaper of another one.
    has_reaper_variable: bool,
}

impl Found {
    /// A worker of a dispatcher.
    pub(crate) fn is_worker(&self) -> bool {
        self.words.iter().any(|word| word == "--itest-role=worker")
    }

    /// A session host, of whatever kind.
    pub(crate) fn is_session_host(&self) -> bool {
        let role = "--itest-role=session-host";
        self.has_host_variable || self.words.iter().any(|word| word == role)
    }

    /// A process in which one test of nextest runs.
    pub(crate) fn is_nextest_test(&self) -> bool {
        self.has_test_variable
            && !self.has_host_variable
            && !self.has_reaper_variable
            && self.words.iter().any(|word| word == "--exact")
    }

    /// Of the sample, and nothing that it started.
    pub(crate) fn is_itest(&self) -> bool {
        let program = fs::read_link(format!("/proc/{}/exe", self.pid)).unwrap_or_default();
        program.to_string_lossy().contains("processes-sample")
    }

    /// Waits for the end of another process, to clean in its place.
    pub(crate) fn is_reaper(&self) -> bool {
        self.has_reaper_variable
    }
}

/// All that were started with that variable in their environment, zombies apart.
pub(crate) fn with_variable(name: &str, value: &[u8]) -> Vec<Found> {
    let wanted = [name.as_bytes(), b"=", value].concat();
    let entries = fs::read_dir("/proc").expect("there should be `/proc`");
    let pids = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    let found = pids.filter_map(|pid: u32| {
        // Whatever ends meanwhile is not there.
        let environment = fs::read(format!("/proc/{pid}/environ")).ok()?;
        let has = |is: &dyn Fn(&[u8]) -> bool| environment.split(|byte| *byte == 0).any(is);
        if !has(&|variable| variable == wanted) {
            return None;
        }
        let words = fs::read(format!("/proc/{pid}/cmdline")).ok()?;
        let words = words.split(|byte| *byte == 0);
        Some(Found {
            pid,
            words: words
                .map(|word| String::from_utf8_lossy(word).into_owned())
                .collect(),
            has_host_variable: has(&|variable| variable.starts_with(b"ITEST_SESSION_HOST=")),
            has_reaper_variable: has(&|variable| variable.starts_with(b"ITEST_REAPER=")),
            has_test_variable: has(&|variable| variable.starts_with(b"NEXTEST_TEST_NAME=")),
        })
    });
    found.collect()
}

/// Sends a signal; tells whether the process is still there.
#[expect(unsafe_code, reason = "std can only kill, and only children")]
pub(crate) fn signal(pid: u32, number: i32) -> bool {
    let pid = i32::try_from(pid).expect("a process number is an i32");
    // SAFETY: a plain system call.
    unsafe { libc::kill(pid, number) == 0 }
}
