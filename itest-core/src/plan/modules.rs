//! [`ModuleInfo`]: what the tests of a module have in common.

use std::collections::HashMap;

use crate::def::{Autouse, FixtureDef, GroupDef, Marker, Options, TestDef};
use crate::registry::{Registry, ancestors, display_path, encloses};
use crate::sort;

/// What is the same for all tests of a module.
#[derive(Debug)]
pub(super) struct ModuleInfo {
    /// Stands before a test's name: `api::users::`.
    pub(super) prefix: String,
    /// The nearest module that is not a group.
    pub(super) module: &'static str,
    /// Outermost first.
    pub(super) groups: Vec<&'static GroupDef>,
    /// Names of autouse fixtures, outermost first.
    pub(super) autouse: Vec<&'static str>,
    /// Of the modules and groups, outermost first.
    pub(super) markers: Vec<&'static Marker>,
}

impl ModuleInfo {
    /// Its tests are as they are, wherever they stand.
    pub(super) fn says_nothing(&self) -> bool {
        self.groups.is_empty() && self.autouse.is_empty() && self.markers.is_empty()
    }

    /// The test's own and those around it.
    pub(super) fn markers(&self, def: &'static TestDef) -> Vec<&'static Marker> {
        let around = self.markers.iter().copied();
        around.chain(def.options.markers).collect()
    }

    /// An option of the test or, if it says nothing, of the innermost group that does.
    pub(super) fn innermost<T>(
        &self,
        def: &TestDef,
        option: impl Fn(&Options) -> Option<T>,
    ) -> Option<T> {
        option(def.options).or_else(|| {
            self.groups
                .iter()
                .rev()
                .find_map(|group| option(&group.options))
        })
    }
}

pub(super) struct Modules<'r> {
    registry: &'r Registry,
    autouse: Vec<&'static FixtureDef>,
    known: HashMap<&'static str, usize>,
    infos: Vec<ModuleInfo>,
    /// The one asked for last, which is mostly the next one too.
    last: (&'static str, usize),
}

impl<'r> Modules<'r> {
    pub(super) fn new(registry: &'r Registry) -> Self {
        let autouse = registry
            .fixtures
            .iter()
            .copied()
            .filter(|fixture| fixture.autouse != Autouse::No)
            .collect();
        Modules {
            registry,
            autouse,
            known: HashMap::new(),
            infos: Vec::new(),
            last: ("", 0),
        }
    }

    pub(super) fn get(&mut self, path: &'static str) -> &ModuleInfo {
        if !std::ptr::eq(path, self.last.0) {
            let index = *self.known.entry(path).or_insert(self.infos.len());
            if index == self.infos.len() {
                let info = self.info(path);
                self.infos.push(info);
            }
            self.last = (path, index);
        }
        &self.infos[self.last.1]
    }

    fn info(&self, path: &'static str) -> ModuleInfo {
        let groups = &self.registry.groups;
        let mut around: Vec<_> = ancestors(path)
            .filter_map(|module| groups.get(module).copied())
            .collect();
        around.reverse();
        let module = ancestors(path)
            .find(|module| !groups.contains_key(module))
            .unwrap_or(path);
        ModuleInfo {
            prefix: display_path(path, ""),
            module,
            groups: around,
            autouse: autouse_names(&self.autouse, path),
            markers: markers_around(self.registry, path),
        }
    }
}

/// Those of the modules around and of the groups among them, outermost first.
fn markers_around(registry: &Registry, path: &'static str) -> Vec<&'static Marker> {
    let mut modules: Vec<_> = ancestors(path).collect();
    modules.reverse();
    let mut markers = Vec::new();
    for module in modules {
        for item in &registry.markers {
            if item.module_path == module {
                markers.extend(item.markers);
            }
        }
        if let Some(group) = registry.groups.get(module) {
            markers.extend(group.options.markers);
        }
    }
    markers
}

/// Those that a test in `module` gets, from the crate's root inwards.
fn autouse_names(fixtures: &[&'static FixtureDef], module: &str) -> Vec<&'static str> {
    let mut found: Vec<(usize, &'static str)> = fixtures
        .iter()
        .filter_map(|fixture| match fixture.autouse {
            Autouse::Crate => Some((0, fixture.name)),
            Autouse::Module if encloses(fixture.module_path, module) => {
                Some((fixture.module_path.matches("::").count(), fixture.name))
            }
            Autouse::Module | Autouse::No => None,
        })
        .collect();
    sort::by_key(&mut found, |(depth, _)| *depth);
    let mut names = Vec::new();
    for (_, name) in found {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}
