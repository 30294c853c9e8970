//! Tests, and fixtures, that have the same name.

use std::collections::HashMap;
use std::hash::Hasher;

use super::NameHasher;
use super::problem::{Problem, Problems};
use crate::def::{Location, TestDef};
use crate::registry::{Registry, crate_of, display_path};

pub(super) fn check_tests(
    all: impl ExactSizeIterator<Item = &'static TestDef>,
    problems: &mut Problems,
) {
    let mut seen = Seen::new(all.len());
    for test in all {
        if let Some(first) = seen.insert(test) {
            let name = display_path(test.module_path, test.name);
            problems.push(
                format!("duplicate test {}", test.location),
                Problem::new(format!("two tests are named `{name}`"), test.location)
                    .note(format!("the first is at {first}"))
                    .help("rename one: a name must select one test"),
            );
        }
    }
}

pub(super) fn check_fixtures(registry: &Registry, problems: &mut Problems) {
    let mut fixtures: HashMap<(&str, &str), Location> = HashMap::new();
    for fixture in &registry.fixtures {
        let key = (fixture.module_path, fixture.name);
        if let Some(first) = fixtures.insert(key, fixture.location) {
            let path = fixture.path(crate_of(fixture.module_path));
            problems.push(
                format!("duplicate fixture {}", fixture.location),
                Problem::new(format!("two fixtures are named `{path}`"), fixture.location)
                    .note(format!("the first is at {first}"))
                    .help("rename one, or move it into a module of its own"),
            );
        }
    }
}

/// The tests seen so far.
///
/// A table as plain as can be: itest is mostly compiled without optimisation, where a `HashMap`
/// costs more for each test than all the rest of its planning.
struct Seen {
    /// Half of them are empty, at least.
    slots: Vec<Option<&'static TestDef>>,
    /// Of the module that was met last, which is mostly the next one too.
    module: (&'static str, u64),
}

impl Seen {
    /// For so many.
    fn new(tests: usize) -> Self {
        Seen {
            slots: vec![None; (2 * tests).next_power_of_two()],
            module: ("", 0),
        }
    }

    /// Takes a test; gives the place of one with the same name.
    fn insert(&mut self, test: &'static TestDef) -> Option<Location> {
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
