//! [`Registry`]: everything that the attributes of this binary declared, sorted.
//!
//! The only place that iterates `inventory` and the section of tests, whose order is the linker's.

use std::collections::HashMap;

use crate::def::{FixtureDef, GroupDef, Location, MainDef, MarkersDef, Submission, TestDef};
use crate::sort;

/// The declarations of one binary in definition order: file, then line, then column.
#[derive(Debug, Default)]
pub(crate) struct Registry {
    pub(crate) tests: Vec<&'static TestDef>,
    pub(crate) fixtures: Vec<&'static FixtureDef>,
    pub(crate) groups: HashMap<&'static str, &'static GroupDef>,
    /// Of whole modules.
    pub(crate) markers: Vec<&'static MarkersDef>,
    pub(crate) main: Option<&'static MainDef>,
}

impl Registry {
    /// Of the running binary.
    pub(crate) fn collect() -> Self {
        let mut registry = Registry::unsorted();
        registry.tests = sorted(&registry.tests, |test| &test.location);
        for (number, test) in registry.tests.iter().enumerate() {
            test.number.set(number as u32);
        }
        registry
    }

    /// The same, but for the tests' order: where few are wanted, to find them takes less than to
    /// sort all.
    pub(crate) fn unsorted() -> Self {
        crate::builtin::link();
        #[cfg(feature = "service")]
        crate::service::link();
        let mut registry = Registry {
            tests: crate::register::tests().collect(),
            ..Registry::default()
        };
        for submission in inventory::iter::<Submission> {
            match submission {
                Submission::Test(test) => registry.tests.push(test),
                Submission::Fixture(fixture) => registry.fixtures.push(fixture),
                Submission::Group(group) => {
                    registry.groups.insert(group.module_path, group);
                }
                Submission::Markers(markers) => registry.markers.push(markers),
                Submission::Main(main) => registry.main = Some(main),
            }
        }
        registry.fixtures = sorted(&registry.fixtures, |fixture| &fixture.location);
        registry.markers = sorted(&registry.markers, |markers| &markers.location);
        registry
    }

    /// Only what stands in that module or below.
    pub(crate) fn within(mut self, module_path: &str) -> Self {
        self.tests
            .retain(|test| encloses(module_path, test.module_path));
        self.fixtures
            .retain(|fixture| encloses(module_path, fixture.module_path));
        self
    }
}

/// In definition order.
///
/// Items go to their files and lines by counting, not by being compared with each other: itest is
/// mostly compiled without optimisation, where comparing costs more than all of planning.
fn sorted<T>(all: &[&'static T], location: fn(&T) -> &Location) -> Vec<&'static T> {
    let mut files: Vec<(&'static str, Vec<&'static T>)> = Vec::new();
    let mut known: HashMap<&'static str, usize> = HashMap::new();
    let mut file = 0;
    // Most neighbours are of one file, and then even of one string.
    let mut last = "";
    // Most linkers give the reverse of the definition order.
    for item in all.iter().rev() {
        let name = location(item).file;
        if files.is_empty() || !std::ptr::eq(last, name) {
            last = name;
            file = *known.entry(name).or_insert(files.len());
            if file == files.len() {
                files.push((name, Vec::new()));
            }
        }
        files[file].1.push(*item);
    }
    sort::by_key(&mut files, |(name, _)| *name);
    let mut sorted = Vec::with_capacity(all.len());
    for (_, items) in files {
        sorted.extend_from_slice(&by_line(items, location));
    }
    sorted
}

/// Items of one file.
fn by_line<T>(items: Vec<&'static T>, location: fn(&T) -> &Location) -> Vec<&'static T> {
    let mut last = 0;
    let mut is_sorted = true;
    for item in &items {
        let line = location(item).line;
        if line > last {
            last = line;
        } else {
            is_sorted = false;
        }
    }
    if is_sorted {
        return items;
    }
    let last = last as usize;
    let mut sorted = items.clone();
    let mut several_in_a_line = true;
    if last <= 64 * items.len() {
        several_in_a_line = false;
        // How many stand before each line, and in it so far.
        let mut before = vec![0_usize; last + 2];
        for item in &items {
            let count = &mut before[location(item).line as usize + 1];
            several_in_a_line |= *count > 0;
            *count += 1;
        }
        let mut sum = 0;
        for count in &mut before {
            sum += *count;
            *count = sum;
        }
        for item in items {
            let next = &mut before[location(item).line as usize];
            sorted[*next] = item;
            *next += 1;
        }
    }
    // Those of one line, or of a few far apart.
    if several_in_a_line {
        sort::by_key(&mut sorted, |item| {
            (location(item).line, location(item).column)
        });
    }
    sorted
}

/// A path as users name it: without the crate.
pub(crate) fn without_crate(module_path: &str) -> &str {
    match module_path.split_once("::") {
        Some((_, rest)) => rest,
        None => "",
    }
}

/// The crate of a module path.
pub(crate) fn crate_of(module_path: &str) -> &str {
    match module_path.split_once("::") {
        Some((name, _)) => name,
        None => module_path,
    }
}

/// `module::name` without the crate.
pub(crate) fn display_path(module_path: &str, name: &str) -> String {
    match without_crate(module_path) {
        "" => name.to_owned(),
        module => format!("{module}::{name}"),
    }
}

/// Whether `outer` is `inner` or one of the modules around it.
pub(crate) fn encloses(outer: &str, inner: &str) -> bool {
    inner
        .strip_prefix(outer)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

/// The modules around `module_path`, itself first, the crate's root last.
pub(crate) fn ancestors(module_path: &'static str) -> impl Iterator<Item = &'static str> {
    std::iter::successors(Some(module_path), |path| {
        path.rsplit_once("::").map(|(outer, _)| outer)
    })
}

impl FixtureDef {
    /// `common::db`, or `other_crate::db` seen from the crate `from`.
    pub(crate) fn path(&self, from: &str) -> String {
        fixture_path(self.module_path, self.name, from)
    }
}

/// See [`FixtureDef::path`].
pub(crate) fn fixture_path(module_path: &str, name: &str, from: &str) -> String {
    if crate_of(module_path) == from {
        display_path(module_path, name)
    } else {
        format!("{module_path}::{name}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn definition_order() {
        let at = |file, line, column| Location { file, line, column };
        let expected = [
            at("a.rs", 1, 1),
            at("a.rs", 2, 3),
            at("a.rs", 2, 9),
            at("a.rs", 700, 1),
            at("b.rs", 5, 1),
            at("b.rs", 6, 1),
            at("c.rs", 90_000, 1),
        ];
        for first in 0..expected.len() {
            let mut mixed: Vec<&'static Location> = expected
                .iter()
                .map(|location| &*Box::leak(Box::new(*location)))
                .collect();
            mixed.rotate_left(first);
            mixed.swap(0, 3);
            let sorted = sorted(&mixed, |location| location);
            assert!(sorted.into_iter().eq(&expected), "{first}");
        }
    }

    #[test]
    fn paths() {
        assert_eq!(display_path("krate", "t"), "t");
        assert_eq!(display_path("krate::a::b", "t"), "a::b::t");
        assert!(encloses("k::a", "k::a::b"));
        assert!(encloses("k::a", "k::a"));
        assert!(!encloses("k::a", "k::ab"));
        assert_eq!(
            ancestors("k::a::b").collect::<Vec<_>>(),
            ["k::a::b", "k::a", "k"]
        );
    }
}
