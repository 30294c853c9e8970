//! [`Run`]: which run this process is a part of, and whose end is the run's.

use std::process::Command;

use super::runner::Runner;
use crate::cli::Share;

/// Tells a process that it is a part of a run.
const RUN_VARIABLE: &str = "ITEST_RUN";

/// What a run is called whose owner is one of our processes: `run-PID-START`.
const OWNED: &str = "run";

/// The run of which this process is a part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Run {
    /// The name of its directory.
    pub(super) id: String,
    /// The process whose end is the end of the run.
    pub(super) runner: Runner,
}

impl Run {
    /// A run of this process's own.
    pub(crate) fn owned() -> Self {
        let runner = Runner::this();
        Run {
            id: format!("{OWNED}-{}-{}", runner.pid, runner.started),
            runner,
        }
    }

    /// The run that is there for this process, if there is one: that of the process which started
    /// it, or of its runner.
    pub(crate) fn joined(share: Share) -> Option<Self> {
        Self::of_parent()
            .or_else(Self::of_nextest)
            .or_else(|| Self::of_cargo(share))
    }

    /// The variable reaches whatever a test starts, a nested `cargo test` for instance, so only
    /// the word of the process that owns the run counts.
    fn of_parent() -> Option<Self> {
        let id = std::env::var(RUN_VARIABLE).ok()?;
        let runner = owner(&id)?;
        (runner == Runner::parent()).then_some(Run { id, runner })
    }

    /// The run of nextest that this process runs a test of.
    pub(crate) fn of_nextest() -> Option<Self> {
        let var = |name| std::env::var(name).ok();
        let id = var("NEXTEST_RUN_ID")?;
        // As above: this process must be the one that runs that test.
        let test = var("NEXTEST_TEST_NAME")?;
        let is_ours = std::env::args().any(|argument| argument == test);
        let is_plain = id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') && !id.is_empty();
        (is_ours && is_plain).then(|| Run {
            id: format!("nextest-{id}"),
            runner: Runner::of_nextest(),
        })
    }

    /// The run that all binaries of one `cargo test` share, if they are to.
    pub(crate) fn of_cargo(share: Share) -> Option<Self> {
        if share != Share::Cargo || cfg!(miri) {
            return None;
        }
        let runner = Runner::of_cargo()?;
        Some(Run {
            id: format!("cargo-{}-{}", runner.pid, runner.started),
            runner,
        })
    }

    /// Tells runs apart.
    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    /// Makes a process that is about to be started a part of this run.
    pub(crate) fn pass_to(&self, command: &mut Command) {
        command.env(RUN_VARIABLE, &self.id);
    }

    /// Keeps the run from a process that is about to be started.
    pub(super) fn forget(command: &mut Command) {
        command.env_remove(RUN_VARIABLE);
    }

    /// Keeps the run from what this process starts.
    pub(crate) fn hide() {
        if std::env::var_os(RUN_VARIABLE).is_some() {
            crate::builtin::set_env(RUN_VARIABLE, None);
        }
    }
}

/// The process that owns the run of that name, if the name tells.
pub(super) fn owner(id: &str) -> Option<Runner> {
    let mut words = id.split('-');
    let is_owned = words.next() == Some(OWNED);
    let runner = Runner {
        pid: words.next()?.parse().ok()?,
        started: words.next()?.parse().ok()?,
    };
    (is_owned && words.next().is_none()).then_some(runner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_an_owned_run_tells_its_owner() {
        let run = Run::owned();
        assert_eq!(owner(&run.id), Some(run.runner));
        assert_eq!(run.runner.pid, std::process::id());
        for other in ["nextest-1-2", "run-1", "run-1-x", "run-1-2-3", "", "run-"] {
            assert_eq!(owner(other), None, "{other}");
        }
    }

    #[test]
    fn a_run_is_taken_from_the_parent_alone() {
        // This process owns it, its parent does not.
        let id = Run::owned().id;
        assert_ne!(owner(&id), Some(Runner::parent()));
    }
}
