//! [`Schedule`]: which tests go to which executor.
//!
//! Tests that share a group's or module's fixture stay together, so that it is set up once; with
//! one executor everything stays in the plan's order.

use std::collections::{HashMap, VecDeque};

use crate::plan::{Key, Plan};

/// The parts of a run that are still to be handed out.
#[derive(Debug)]
pub(super) struct Schedule {
    parts: VecDeque<Vec<usize>>,
    /// Tests in `parts`.
    left: usize,
    executors: usize,
}

/// So many tests, where they are independent, are handed out at once at most: enough to make
/// handing out cost next to nothing.
const AT_ONCE: usize = 64;

impl Schedule {
    /// For the tests of those indices, in that order.
    pub(super) fn new(
        plan: &Plan,
        tests: Vec<usize>,
        executors: usize,
        shuffle: Option<u64>,
    ) -> Self {
        let mut parts = if executors == 1 && shuffle.is_none() {
            vec![tests]
        } else {
            together(plan, &tests)
        };
        if let Some(seed) = shuffle {
            shuffle_all(&mut parts, seed);
        }
        parts.retain(|part| !part.is_empty());
        Schedule {
            left: parts.iter().map(Vec::len).sum(),
            parts: parts.into(),
            executors,
        }
    }

    /// What one executor shall run next, in that order.
    ///
    /// Towards the end it becomes less and less, so that no executor is left with much to do
    /// while the others have nothing.
    pub(super) fn next(&mut self) -> Option<Vec<usize>> {
        let wanted = (self.left / (self.executors * 4)).clamp(1, AT_ONCE);
        let mut next = self.parts.pop_front()?;
        while let Some(part) = self.parts.front()
            && next.len() + part.len() <= wanted
        {
            next.extend(self.parts.pop_front().unwrap_or_default());
        }
        self.left -= next.len();
        Some(next)
    }
}

/// Splits into parts that share no instance of a group or module fixture.
fn together(plan: &Plan, tests: &[usize]) -> Vec<Vec<usize>> {
    let mut part_of = HashMap::new();
    let mut parts: Vec<Vec<usize>> = Vec::new();
    for &index in tests {
        let test = &plan.tests[index];
        let shared = plan.reach(test).into_iter().filter_map(|node| {
            let key = test.key(plan.node(node).def.scope);
            matches!(key, Key::Group(_) | Key::Module(_)).then_some((node, key))
        });
        let shared: Vec<_> = shared.collect();
        let mut known: Vec<usize> = shared
            .iter()
            .filter_map(|instance| part_of.get(instance).copied())
            .collect();
        known.sort_unstable();
        known.dedup();
        let part = match known.split_first() {
            None => {
                parts.push(Vec::new());
                parts.len() - 1
            }
            Some((&first, others)) => {
                // This test joins what was separate so far.
                for &other in others {
                    let moved = std::mem::take(&mut parts[other]);
                    parts[first].extend(moved);
                    part_of.values_mut().for_each(|part| {
                        if *part == other {
                            *part = first;
                        }
                    });
                }
                parts[first].sort_unstable();
                first
            }
        };
        parts[part].push(index);
        part_of.extend(shared.into_iter().map(|instance| (instance, part)));
    }
    parts
}

/// Shuffles the parts, and the tests within each, as the seed says.
fn shuffle_all(parts: &mut [Vec<usize>], seed: u64) {
    let mut random = SplitMix(seed);
    for part in parts.iter_mut() {
        random.shuffle(part);
    }
    random.shuffle(parts);
}

/// Steele, Lea and Flood's generator (2014): small, and the same on every machine.
struct SplitMix(u64);

impl SplitMix {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn shuffle<T>(&mut self, all: &mut [T]) {
        for last in (1..all.len()).rev() {
            let bound = last as u64 + 1;
            all.swap(last, (self.next() % bound) as usize);
        }
    }
}
