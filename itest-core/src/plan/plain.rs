//! [`PlainTests`]: tests for which there is nothing to decide, without a plan of all tests.

use super::PlannedTest;
use super::modules::Modules;
use super::resolve::without_anything;
use crate::cli::Args;
use crate::registry::Registry;

/// Tests by their numbers in the registry, in a process that was told that they are plain: another
/// one has planned them all, and found nothing wrong.
pub(crate) struct PlainTests<'r> {
    registry: &'r Registry,
    modules: Modules<'r>,
    args: &'r Args,
    /// Of every test, where that is the same.
    usual: Option<(Option<std::time::Duration>, u32)>,
    /// One after the other in the same allocation; it begins with the module.
    name: String,
    begins_with: &'static str,
}

impl<'r> PlainTests<'r> {
    pub(crate) fn new(registry: &'r Registry, args: &'r Args) -> Self {
        PlainTests {
            registry,
            modules: Modules::new(registry),
            args,
            usual: args.for_all(),
            name: String::new(),
            begins_with: "",
        }
    }

    /// As [`Plan::new`](super::Plan::new) has planned it.
    pub(crate) fn test(&mut self, number: u32) -> PlannedTest {
        let def = self.registry.tests.get(number as usize);
        let def = *def.expect("itest bug: the dispatcher has tests that are not registered here");
        let module = self.modules.get(def.module_path);
        if !std::ptr::eq(self.begins_with, def.module_path) {
            self.begins_with = def.module_path;
            self.name.clear();
            self.name.push_str(&module.prefix);
        }
        self.name.truncate(module.prefix.len());
        self.name.push_str(def.name);
        let mut test = without_anything(def, self.name.as_str().into(), module);
        (test.timeout, test.retries) = self.usual.unwrap_or_else(|| {
            let timeout = self.args.timeout(&test.name, &[], None);
            (timeout, self.args.retries(&test.name, &[], None))
        });
        test
    }
}
