//! [`Identity`]: a process, told from a later one with the same number; its signals and its end.

#[cfg(unix)]
mod system;
#[cfg(unix)]
mod unix;
#[cfg(unix)]
pub(super) use unix::{end, end_group, outlive, own_group, parent_session};

/// A process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Identity {
    pub(crate) pid: u32,
    /// When it started, as the system counts; 0 where it does not tell.
    pub(crate) started: u64,
}

impl Identity {
    /// The process that has this number now.
    pub(crate) fn of(pid: u32) -> Option<Self> {
        #[cfg(unix)]
        return system::look(pid).map(|seen| Identity {
            pid,
            started: seen.started,
        });
        #[cfg(not(unix))]
        return Some(Identity { pid, started: 0 });
    }

    /// This process.
    pub(crate) fn own() -> Self {
        let pid = std::process::id();
        Identity::of(pid).unwrap_or(Identity { pid, started: 0 })
    }

    /// Whether it runs: it is not another one of its number, and not a zombie.
    #[cfg(unix)]
    pub(crate) fn runs(self) -> bool {
        system::look(self.pid).is_some_and(|seen| seen.started == self.started && !seen.zombie)
    }

    /// Whether the system has told enough to know it again.
    #[cfg(unix)]
    pub(super) fn is_certain(self) -> bool {
        self.started != 0
    }
}

/// `PID-START`, as names of files have it.
impl std::fmt::Display for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}-{}", self.pid, self.started)
    }
}
