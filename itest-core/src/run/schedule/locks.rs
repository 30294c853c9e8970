//! [`LockSets`]: which tests may run beside each other.

use std::collections::HashMap;

use crate::plan::HeldLock;

/// The number of a set of locks, the same for all tests that need just these.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(in crate::run) struct SetId(usize);

/// All sets of locks of a run, and who holds them.
///
/// A test takes all of its locks at once, so no two tests can wait for each other.
#[derive(Debug, Default)]
pub(super) struct LockSets {
    numbers: HashMap<Vec<HeldLock>, SetId>,
    /// The one asked for last, which is mostly the next one too.
    last: usize,
    /// That of [`HeldLock::are_usual`].
    usual: Option<SetId>,
    sets: Vec<Set>,
}

#[derive(Debug)]
struct Set {
    locks: Vec<HeldLock>,
    /// By so many batches.
    held: usize,
    /// Those that cannot be held meanwhile.
    conflicts: Vec<SetId>,
}

impl LockSets {
    pub(super) fn number(&mut self, locks: &[HeldLock]) -> SetId {
        let is_usual = HeldLock::are_usual(locks);
        if is_usual && let Some(usual) = self.usual {
            return usual;
        }
        if self
            .sets
            .get(self.last)
            .is_some_and(|set| set.locks == locks)
            && !is_usual
        {
            return SetId(self.last);
        }
        let known = self.numbers.get(locks).copied();
        let number = known.unwrap_or_else(|| self.add(locks));
        self.last = number.0;
        if is_usual {
            self.usual = Some(number);
        }
        number
    }

    fn add(&mut self, locks: &[HeldLock]) -> SetId {
        let new = SetId(self.sets.len());
        let mut conflicts = Vec::new();
        if conflict(locks, locks) {
            conflicts.push(new);
        }
        for (index, other) in self.sets.iter_mut().enumerate() {
            if conflict(&other.locks, locks) {
                other.conflicts.push(new);
                conflicts.push(SetId(index));
            }
        }
        self.numbers.insert(locks.to_vec(), new);
        self.sets.push(Set {
            locks: locks.to_vec(),
            held: 0,
            conflicts,
        });
        new
    }

    /// Whether it could be held now.
    pub(super) fn is_free(&self, set: SetId) -> bool {
        let conflicts = &self.sets[set.0].conflicts;
        conflicts.iter().all(|other| self.sets[other.0].held == 0)
    }

    pub(super) fn hold(&mut self, set: SetId) {
        debug_assert!(self.is_free(set), "itest bug: a conflicting lock is held");
        self.sets[set.0].held += 1;
    }

    pub(super) fn release(&mut self, set: SetId) {
        self.sets[set.0].held -= 1;
    }

    /// What the set keeps from running meanwhile.
    pub(super) fn weight(&self, set: SetId) -> Weight {
        let mut exclusive = self.sets[set.0].locks.iter().filter(|lock| lock.exclusive);
        if exclusive.clone().any(HeldLock::is_serial) {
            Weight::All
        } else if exclusive.next().is_some() {
            Weight::Some
        } else {
            Weight::None
        }
    }
}

/// In the order in which they had better start: who must queue first, who stops all others last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Weight {
    Some,
    None,
    All,
}

fn conflict(a: &[HeldLock], b: &[HeldLock]) -> bool {
    a.iter().any(|a| {
        b.iter()
            .any(|b| a.name == b.name && (a.exclusive || b.exclusive))
    })
}
