//! [`Registry`]: everything that the attributes of this binary declared, sorted.
//!
//! The only place that iterates `inventory` and the list of tests, whose order is the linker's.

use std::cmp::Ordering;
use std::collections::HashMap;

use crate::def::{FixtureDef, GroupDef, Location, MainDef, MarkersDef, Submission, TestDef};

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
        registry.sort();
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

    fn sort(&mut self) {
        // Most linkers give the reverse of the definition order, and sorting is fastest when
        // there is nothing to do.
        self.tests.reverse();
        self.fixtures.reverse();
        self.tests.sort_by(|a, b| order(a.location, b.location));
        self.fixtures.sort_by(|a, b| order(a.location, b.location));
        self.markers.sort_by(|a, b| order(a.location, b.location));
    }
}

fn order(a: Location, b: Location) -> Ordering {
    // Most neighbours are of one file, and then even of one string.
    let files = if std::ptr::eq(a.file, b.file) {
        Ordering::Equal
    } else {
        a.file.cmp(b.file)
    };
    files.then_with(|| (a.line, a.column).cmp(&(b.line, b.column)))
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
        if crate_of(self.module_path) == from {
            display_path(self.module_path, self.name)
        } else {
            format!("{}::{}", self.module_path, self.name)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
