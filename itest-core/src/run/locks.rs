//! [`Locks`]: named locks that tests hold for an attempt.
//!
//! A test takes all of its locks at once or waits, so no two tests can wait for each other; who
//! waits longest goes first, so nobody waits for ever.

use std::sync::{Condvar, Mutex, PoisonError};

use crate::plan::HeldLock;

/// The locks of one process.
#[derive(Debug, Default)]
pub(crate) struct Locks {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    held: Vec<Claim>,
    waiting: Vec<Claim>,
    next: u64,
}

#[derive(Debug)]
struct Claim {
    id: u64,
    locks: Vec<HeldLock>,
}

impl Locks {
    /// Waits until all of `locks` are free, and holds them until the guard is dropped.
    pub(crate) fn acquire(&self, locks: &[HeldLock]) -> LocksGuard<'_> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let id = state.next;
        state.next += 1;
        let claim = Claim {
            id,
            locks: locks.to_vec(),
        };
        if state.is_free(&claim) {
            state.held.push(claim);
            return LocksGuard { locks: self, id };
        }
        state.waiting.push(claim);
        loop {
            let index = state.waiting.iter().position(|claim| claim.id == id);
            let index = index.expect("itest bug: a waiting claim is lost");
            if state.is_free(&state.waiting[index]) {
                let claim = state.waiting.remove(index);
                state.held.push(claim);
                return LocksGuard { locks: self, id };
            }
            state = self
                .changed
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl State {
    /// No conflict with a holder, nor with one that came earlier.
    fn is_free(&self, claim: &Claim) -> bool {
        let earlier = self.waiting.iter().filter(|other| other.id < claim.id);
        !self
            .held
            .iter()
            .chain(earlier)
            .any(|other| conflict(&other.locks, &claim.locks))
    }
}

fn conflict(a: &[HeldLock], b: &[HeldLock]) -> bool {
    a.iter().any(|a| {
        b.iter()
            .any(|b| a.name == b.name && (a.exclusive || b.exclusive))
    })
}

/// Releases on drop.
#[derive(Debug)]
pub(crate) struct LocksGuard<'a> {
    locks: &'a Locks,
    id: u64,
}

impl Drop for LocksGuard<'_> {
    fn drop(&mut self) {
        let mut state = self
            .locks
            .state
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        state.held.retain(|claim| claim.id != self.id);
        if !state.waiting.is_empty() {
            self.locks.changed.notify_all();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    fn lock(name: &str, exclusive: bool) -> HeldLock {
        HeldLock {
            name: name.to_owned(),
            exclusive,
        }
    }

    #[test]
    fn conflicts_need_one_exclusive_holder() {
        let shared = [lock("a", false)];
        let exclusive = [lock("a", true)];
        let other = [lock("b", true)];
        assert!(!conflict(&shared, &shared));
        assert!(conflict(&shared, &exclusive));
        assert!(conflict(&exclusive, &exclusive));
        assert!(!conflict(&exclusive, &other));
    }

    #[test]
    fn an_exclusive_holder_is_alone_and_all_get_their_turn() {
        let locks = Locks::default();
        let inside = AtomicUsize::new(0);
        let finished = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for thread in 0..8 {
                let (locks, inside, finished) = (&locks, &inside, &finished);
                scope.spawn(move || {
                    for round in 0..200 {
                        let exclusive = (thread + round) % 3 == 0;
                        let _guard = locks.acquire(&[lock("a", exclusive), lock("b", !exclusive)]);
                        let others = inside.fetch_add(1, Ordering::SeqCst);
                        assert_eq!(others, 0, "`a` and `b` exclude each other here");
                        inside.fetch_sub(1, Ordering::SeqCst);
                    }
                    finished.fetch_add(1, Ordering::SeqCst);
                });
            }
        });
        assert_eq!(finished.into_inner(), 8);
    }
}
