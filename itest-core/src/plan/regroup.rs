//! The order of tests where wide fixtures have several values: tests of one value stay together.

use std::collections::{HashSet, VecDeque};

use super::{Key, NodeId, Plan, reach};
use crate::scope::Scope;

/// A value of a wide fixture, for one group, module …
type Value = (NodeId, Key);

/// Scopes that regroup tests, widest first.
const WIDE: [Scope; 4] = [Scope::Session, Scope::Worker, Scope::Module, Scope::Group];

impl Plan {
    /// Moves the tests that use the same value of a wide fixture to the first of them.
    ///
    /// The rule is pytest's `reorder_items`: it goes from the widest scope inwards, and fixtures
    /// without parameters never change the order.
    pub(super) fn regroup(&mut self) {
        let is_wide = |node: &super::Node| node.param.is_some() && node.def.scope > Scope::Test;
        if !self.nodes.iter().any(is_wide) {
            return;
        }
        let order = Regroup {
            values: (0..self.tests.len())
                .map(|test| self.values(test))
                .collect(),
            used: HashSet::new(),
        }
        .at(0, (0..self.tests.len()).collect());
        let mut tests: Vec<_> = std::mem::take(&mut self.tests)
            .into_iter()
            .map(Some)
            .collect();
        self.tests = order
            .into_iter()
            .map(|test| {
                tests[test]
                    .take()
                    .expect("itest bug: a test is there twice")
            })
            .collect();
    }

    /// By place in [`WIDE`].
    fn values(&self, test: usize) -> [Vec<Value>; 4] {
        let test = &self.tests[test];
        let nodes = reach(&self.nodes, test);
        WIDE.map(|scope| {
            let nodes = nodes.iter().copied().filter(|id| {
                let node = self.node(*id);
                node.param.is_some() && node.def.scope == scope
            });
            let keyed = nodes.map(|node| (node, test.key(scope)));
            keyed.filter(|(_, key)| *key != Key::Test).collect()
        })
    }
}

struct Regroup {
    /// Of each test.
    values: Vec<[Vec<Value>; 4]>,
    /// By which the tests at hand are together already.
    used: HashSet<Value>,
}

impl Regroup {
    /// Regroups tests by the values of one scope, then of narrower ones.
    fn at(&mut self, scope: usize, tests: VecDeque<usize>) -> Vec<usize> {
        if scope == WIDE.len() {
            return tests.into();
        }
        let mut order = Vec::with_capacity(tests.len());
        let mut without = VecDeque::new();
        let mut open = tests;
        while let Some(test) = open.pop_front() {
            let new = |value: &&Value| !self.used.contains(*value);
            let Some(&value) = self.values[test][scope].iter().find(new) else {
                without.push_back(test);
                continue;
            };
            let before = std::mem::take(&mut without);
            order.extend(self.at(scope + 1, before));
            let has_it = |other: &usize| self.values[*other][scope].contains(&value);
            let (same, others): (VecDeque<_>, VecDeque<_>) = open.into_iter().partition(has_it);
            open = others;
            let mut slice = same;
            slice.push_front(test);
            self.used.insert(value);
            order.extend(self.at(scope, slice));
            self.used.remove(&value);
        }
        order.extend(self.at(scope + 1, without));
        order
    }
}
