//! [`Seen`]: finds tests with the same name.

use std::hash::Hasher;

use super::NameHasher;
use crate::def::{Location, TestDef};

/// The tests seen so far.
///
/// A table as plain as can be: itest is mostly compiled without optimisation, where a `HashMap`
/// costs more for each test than all the rest of its planning.
pub(super) struct Seen {
    /// Half of them are empty, at least.
    slots: Vec<Option<&'static TestDef>>,
    /// Of the module that was met last, which is mostly the next one too.
    module: (&'static str, u64),
}

impl Seen {
    /// For so many.
    pub(super) fn new(tests: usize) -> Self {
        Seen {
            slots: vec![None; (2 * tests).next_power_of_two()],
            module: ("", 0),
        }
    }

    /// Takes a test; gives the place of one with the same name.
    pub(super) fn insert(&mut self, test: &'static TestDef) -> Option<Location> {
        if !std::ptr::eq(self.module.0, test.module_path) {
            let mut hasher = NameHasher::default();
            hasher.write(test.module_path.as_bytes());
            self.module = (test.module_path, hasher.finish());
        }
        let mut hasher = NameHasher(self.module.1);
        hasher.write(test.name.as_bytes());
        let hash = hasher.finish();
        let last = self.slots.len() - 1;
        // The high bits are the ones that are mixed.
        let mut slot = (hash ^ (hash >> 32)) as usize & last;
        while let Some(other) = self.slots[slot] {
            if other.name == test.name && other.module_path == test.module_path {
                return Some(other.location);
            }
            slot = (slot + 1) & last;
        }
        self.slots[slot] = Some(test);
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nothing() {}

    fn test(name: String, module_path: &'static str, line: u32) -> &'static TestDef {
        let def = TestDef::new(name.leak(), module_path, "a.rs", line, 1, false, nothing);
        Box::leak(Box::new(def))
    }

    #[test]
    fn the_same_name_twice_is_found() {
        let count = 500;
        let mut seen = Seen::new(2 * count as usize + 1);
        for number in 0..count {
            for module in ["k::a", "k::b"] {
                let found = seen.insert(test(format!("t{number}"), module, number));
                assert_eq!(found, None, "{module} {number}");
            }
        }
        // Another string with the same content is the same module.
        let module = String::from("k::b").leak();
        let found = seen.insert(test("t77".to_owned(), module, 1000));
        assert_eq!(found.map(|location| location.line), Some(77));
        assert_eq!(seen.insert(test("t77x".to_owned(), module, 1000)), None);
    }
}
