//! Exits in the middle of a test: `exit(0)` in a test must not look like a run that went well.

use std::process;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};

/// Tests that run in this process.
static UNDER_WAY: AtomicUsize = AtomicUsize::new(0);

/// Which process that is: a forked child has a copy of the number.
static PROCESS: AtomicU32 = AtomicU32::new(0);

/// Whether the exit is the framework's own, or somebody else notices it.
static EXPECTED: AtomicBool = AtomicBool::new(false);

/// A test runs until this is dropped.
pub(crate) struct UnderWay(());

pub(crate) fn under_way() -> UnderWay {
    UNDER_WAY.fetch_add(1, Ordering::Relaxed);
    if PROCESS.load(Ordering::Relaxed) == 0 {
        PROCESS.store(process::id(), Ordering::Relaxed);
    }
    UnderWay(())
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        UNDER_WAY.fetch_sub(1, Ordering::Relaxed);
    }
}

/// From now on, an exit in the middle of a test is nothing to tell.
pub(crate) fn expected() {
    EXPECTED.store(true, Ordering::Relaxed);
}

/// Whether a test has called `exit`; for the exit itself.
pub(crate) fn is_called_by_a_test() -> bool {
    UNDER_WAY.load(Ordering::Relaxed) > 0
        && !EXPECTED.load(Ordering::Relaxed)
        && PROCESS.load(Ordering::Relaxed) == process::id()
}
