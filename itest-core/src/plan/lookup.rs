//! Which fixtures a name can mean, nearest first.

use std::collections::HashMap;

use crate::def::FixtureDef;
use crate::registry::{Registry, ancestors, crate_of, encloses};

/// Fixtures by name.
#[derive(Debug)]
pub(crate) struct Names {
    by_name: HashMap<&'static str, Vec<&'static FixtureDef>>,
}

impl Names {
    pub(crate) fn new(registry: &Registry) -> Self {
        let mut by_name: HashMap<_, Vec<_>> = HashMap::new();
        for &fixture in &registry.fixtures {
            by_name.entry(fixture.name).or_default().push(fixture);
        }
        Names { by_name }
    }

    /// Every name there is.
    pub(crate) fn all(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.by_name.keys().copied()
    }

    /// Whether the name means different fixtures in different places.
    pub(crate) fn is_overridden(&self, name: &str) -> bool {
        self.by_name.get(name).is_some_and(|all| all.len() > 1)
    }

    /// The fixture that this one stands for in its module and below: what its name means around.
    pub(crate) fn overridden_by(&self, def: &'static FixtureDef) -> Option<&'static FixtureDef> {
        let is_other = |other: &&'static FixtureDef| !std::ptr::eq(*other, def);
        match ancestors(def.module_path).nth(1) {
            Some(around) => {
                let mut ranks = self.ranked(def.name, around, None).into_iter();
                let nearest = ranks.next()?;
                nearest.iter().all(is_other).then(|| nearest[0])
            }
            // Around a crate are the other ones.
            None => {
                let ranks = self.ranked(def.name, def.module_path, None);
                let mut all = ranks.into_iter().flatten();
                all.find(|other| crate_of(other.module_path) != def.module_path)
            }
        }
    }

    /// Definitions of `name` in ranks, nearest first; those of one rank are equally near.
    ///
    /// Looked up from the *test's* module outwards, so that a module overrides what the fixtures
    /// that it uses ask for; then from the requesting fixture's module outwards; then anywhere in
    /// the test's crate, in the fixture's crate, in other crates, where a fixture with some `pub`
    /// comes before a private one: what a module has for itself does not compete with what a
    /// `mod common` offers to all. Of a built-in fixture's name, only those two kinds
    /// come before it: a module's own override is not for modules beside it.
    pub(crate) fn ranked(
        &self,
        name: &str,
        test_module: &'static str,
        requester: Option<&'static FixtureDef>,
    ) -> Vec<Vec<&'static FixtureDef>> {
        let Some(all) = self.by_name.get(name) else {
            return Vec::new();
        };
        if let [only] = all[..] {
            return vec![vec![only]];
        }
        let mut left = all.clone();
        let mut ranks = Vec::new();
        let mut rank = |belongs: &dyn Fn(&FixtureDef) -> bool| {
            let (found, rest) = left.iter().partition(|fixture| belongs(fixture));
            left = rest;
            let found: Vec<_> = found;
            if !found.is_empty() {
                ranks.push(found);
            }
        };
        let builtin = all.iter().any(|fixture| is_builtin(fixture));
        // What a built-in fixture asks for is looked up as if the test asked: anybody may override.
        let requester = requester.filter(|requester| !is_builtin(requester));
        let chains = [Some(test_module), requester.map(|r| r.module_path)];
        for module in chains.into_iter().flatten().flat_map(ancestors) {
            rank(&|fixture| fixture.module_path == module);
        }
        for module in chains.into_iter().flatten() {
            let in_crate = |fixture: &FixtureDef| encloses(crate_of(module), fixture.module_path);
            rank(&|fixture| in_crate(fixture) && fixture.public);
            rank(&|fixture| in_crate(fixture) && !builtin);
        }
        rank(&|fixture| fixture.public && !is_builtin(fixture));
        rank(&|fixture| is_builtin(fixture));
        rank(&|_| true);
        ranks
    }
}

/// Of itest itself.
fn is_builtin(fixture: &FixtureDef) -> bool {
    crate_of(fixture.module_path) == env!("CARGO_CRATE_NAME")
}
