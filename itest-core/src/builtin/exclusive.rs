//! [`Exclusive`]: what one test of a process can have at a time.

use std::sync::{Condvar, Mutex, PoisonError};

/// A lock whose holder can change threads.
#[derive(Debug)]
pub(super) struct Exclusive {
    taken: Mutex<bool>,
    free: Condvar,
}

/// While it lives, nobody else has it.
#[derive(Debug)]
pub(super) struct Held(&'static Exclusive);

impl Exclusive {
    pub(super) const fn new() -> Self {
        Exclusive {
            taken: Mutex::new(false),
            free: Condvar::new(),
        }
    }

    /// Waits for it. A test that has it runs: it will give it back.
    pub(super) fn take(&'static self) -> Held {
        let taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let mut taken = self
            .free
            .wait_while(taken, |taken| *taken)
            .unwrap_or_else(PoisonError::into_inner);
        *taken = true;
        Held(self)
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        *self.0.taken.lock().unwrap_or_else(PoisonError::into_inner) = false;
        self.0.free.notify_one();
    }
}
