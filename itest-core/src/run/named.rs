//! [`Named`]: a fixture's instance, put into words only where somebody asks.
//!
//! Most fixtures take less time than the words do.

use super::note;
use super::store::For;
use crate::def::{FixtureDef, Location};
use crate::event::{FixtureName, TestName};
use crate::outcome::{Failure, FixtureError};
use crate::plan::{Key, Node, path};
use crate::scope::Scope;

/// What a name is made of.
#[derive(Debug, Clone)]
pub(super) struct Named {
    def: &'static FixtureDef,
    /// What the value of its `#[param]` is called.
    param: Option<&'static str>,
    key: Key,
    /// The test that made it start.
    pub(super) test: TestName,
    /// Of that test.
    module_path: &'static str,
}

impl Named {
    pub(super) fn new(node: &Node, key: Key, user: For<'_>) -> Self {
        Named {
            def: node.def,
            param: node.param.as_ref().map(|param| param.id),
            key,
            test: user.test.name.clone(),
            module_path: user.test.def.module_path,
        }
    }

    /// Outside of any group, a group's fixture is one of the test.
    pub(super) fn scope(&self) -> Scope {
        match self.key {
            Key::Test => Scope::Test,
            _ => self.def.scope,
        }
    }

    /// The fixture's path in its binary.
    pub(super) fn path(&self) -> String {
        path(self.def, self.param, self.module_path)
    }

    /// What tells it from other fixtures, whatever it is for.
    pub(super) fn id(&self) -> note::Id {
        let param = self.param.map_or(0, |param| param.as_ptr().addr());
        (std::ptr::from_ref(self.def).addr(), param)
    }

    /// Its line, and what it and its place are called.
    pub(super) fn texts(&self) -> (u32, [&'static str; note::TEXTS]) {
        let Location { file, line, .. } = self.def.location;
        let FixtureDef {
            module_path, name, ..
        } = self.def;
        let value = self.param.unwrap_or_default();
        (line, [module_path, name, value, file, self.module_path])
    }

    /// As events have it.
    pub(super) fn in_words(&self) -> FixtureName {
        FixtureName {
            path: self.path(),
            location: self.def.location.to_string(),
            scope: self.scope(),
            instance: self.key.instance(&self.test),
            test: Some(self.test.clone()),
        }
    }

    /// What went wrong with it.
    pub(super) fn error(&self, failures: Vec<Failure>) -> FixtureError {
        FixtureError {
            fixture: self.path(),
            location: self.def.location.to_string(),
            chain: Vec::new(),
            remembered: false,
            failures,
        }
    }
}
