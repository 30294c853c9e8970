//! [`HeldLock`]: what a test holds while it runs, so that others do not.

use std::collections::HashSet;

use crate::def::{Access, Binding, FixtureDef, ParamDef};
use crate::registry::Registry;
use crate::sort;

/// A lock held during an attempt.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct HeldLock {
    pub(crate) name: String,
    pub(crate) exclusive: bool,
}

/// What a test holds that says nothing of locks: see [`HeldLock::serial`].
pub(super) static NOT_SERIAL: [HeldLock; 1] = [HeldLock {
    name: String::new(),
    exclusive: false,
}];

/// How the names of locks begin that are of a worker's, module's or group's fixture.
const OF_INSTANCE: &str = "fixture ";

impl HeldLock {
    /// Everybody holds this one: who has it for itself is alone.
    pub(crate) fn serial(exclusive: bool) -> Self {
        HeldLock {
            name: String::new(),
            exclusive,
        }
    }

    /// Whether they certainly are those of a test that says nothing of locks.
    pub(crate) fn are_usual(locks: &[HeldLock]) -> bool {
        std::ptr::eq(locks, &NOT_SERIAL)
    }

    /// It is about something that other processes of the run have too.
    pub(crate) fn is_wide(&self) -> bool {
        !self.is_of_instance()
    }

    /// Of who uses a session fixture; the same in every binary.
    pub(crate) fn session_fixture(def: &FixtureDef) -> Self {
        HeldLock {
            name: format!("session fixture {} {}", def.name, def.location),
            exclusive: false,
        }
    }

    /// Of who uses an instance of a narrower fixture.
    pub(super) fn fixture(def: &FixtureDef, instance: &str) -> Self {
        HeldLock {
            name: format!("{OF_INSTANCE}{}::{} {instance}", def.module_path, def.name),
            exclusive: false,
        }
    }

    /// Whether it is of an instance that lives in one worker.
    pub(crate) fn is_of_instance(&self) -> bool {
        self.name.starts_with(OF_INSTANCE)
    }

    pub(crate) fn is_serial(&self) -> bool {
        self.exclusive && self.name.is_empty()
    }
}

/// Whether a test or group of the binary is `serial`.
pub(super) fn has_serial(registry: &Registry) -> bool {
    let mut groups = registry.groups.values();
    if groups.any(|group| group.options.serial) {
        return true;
    }
    for test in &registry.tests {
        if test.options.serial {
            return true;
        }
    }
    false
}

/// Names of the fixtures that anybody in the binary takes as `&mut T`, as far as can be told
/// without planning all tests: another fixture of that name may be among them.
pub(super) fn taken_exclusively(registry: &Registry) -> HashSet<&'static str> {
    let mut taken = HashSet::new();
    let mut add = |params: &'static [ParamDef]| {
        for param in params {
            if is_exclusive(param) {
                taken.insert(match param.from {
                    None => param.name,
                    Some(Binding::Name(name)) => name,
                    Some(Binding::Path(fixture)) => fixture().name,
                });
            }
        }
    };
    for fixture in &registry.fixtures {
        add(fixture.params);
    }
    for test in &registry.tests {
        if !test.params.is_empty() {
            add(test.params);
        }
    }
    taken
}

fn is_exclusive(param: &ParamDef) -> bool {
    matches!(param.access, Access::Exclusive)
}

pub(super) fn takes_exclusively(params: &[ParamDef]) -> bool {
    params.iter().any(is_exclusive)
}

/// Sorted, one of each name, which is exclusive if any of them is.
pub(crate) fn normalise_locks(locks: &mut Vec<HeldLock>) {
    // The exclusive one of a name first, so that it is the one that stays.
    sort::by(locks, |a, b| {
        (&a.name, !a.exclusive).cmp(&(&b.name, !b.exclusive))
    });
    locks.dedup_by(|later, first| later.name == first.name);
}
