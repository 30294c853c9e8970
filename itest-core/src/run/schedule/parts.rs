//! [`Part`] and [`Class`]: what stays together.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use super::locks::{LockSets, SetId, Weight};
use super::{Known, Manner, Ready, Room};
use crate::plan::Verdict;
use crate::run::suite::{Suite, SuiteTest};
use crate::sort;

/// Tests that share an instance of a group or module fixture, directly or through others.
#[derive(Debug)]
pub(super) struct Part {
    first: Ready,
    /// Most have only one.
    rest: VecDeque<Ready>,
    /// Some of it needs a session fixture.
    session: bool,
    /// Its turn.
    rank: usize,
}

impl Part {
    /// Of at least one test.
    fn new(mut tests: VecDeque<Ready>, session: bool) -> Option<Self> {
        Some(Part {
            first: tests.pop_front()?,
            rest: tests,
            session,
            rank: 0,
        })
    }

    fn len(&self) -> usize {
        1 + self.rest.len()
    }

    pub(super) fn into_tests(self) -> VecDeque<Ready> {
        let mut tests = self.rest;
        tests.push_front(self.first);
        tests
    }
}

/// Parts of one binary that need the same worker fixtures.
#[derive(Debug)]
pub(super) struct Class {
    pub(super) suite: usize,
    /// It goes before those that are not.
    pub(super) is_urgent: bool,
    /// How many executors are at it.
    pub(super) executors: usize,
    /// By the locks that their first tests need, and whether they need session fixtures.
    queues: Vec<Queue>,
    left: usize,
}

#[derive(Debug)]
struct Queue {
    locks: SetId,
    weight: Weight,
    session: bool,
    parts: VecDeque<Part>,
}

impl Queue {
    /// Whether it would wait for a session fixture.
    fn waits(&self, now: Now<'_>) -> bool {
        self.session && !now.session
    }
}

/// What is there at the moment.
#[derive(Debug, Clone, Copy)]
pub(super) struct Now<'a> {
    pub(super) locks: &'a LockSets,
    /// Session fixtures are set up, as far as they will be without being asked for.
    pub(super) session: bool,
}

impl Class {
    fn new(suite: usize, is_urgent: bool) -> Self {
        Class {
            suite,
            is_urgent,
            executors: 0,
            queues: Vec::new(),
            left: 0,
        }
    }

    fn push(&mut self, part: Part, locks: &LockSets) {
        self.left += part.len();
        let first = part.first.locks;
        for queue in &mut self.queues {
            if queue.locks == first && queue.session == part.session {
                return queue.parts.push_back(part);
            }
        }
        self.queues.push(Queue {
            locks: first,
            weight: locks.weight(first),
            session: part.session,
            parts: VecDeque::from([part]),
        });
    }

    /// Tests that no executor has taken.
    pub(super) fn left(&self) -> usize {
        self.left
    }

    pub(super) fn is_empty(&self) -> bool {
        self.left == 0
    }

    /// The queue whose turn it is among those that can run now.
    fn free(&self, now: Now<'_>) -> Option<usize> {
        let queues = self.queues.iter().enumerate();
        let free = queues.filter_map(|(index, queue)| {
            let first = queue.parts.front()?;
            let is_free = now.locks.is_free(queue.locks);
            let is_alone = queue.weight == Weight::All;
            let turn = (is_alone, queue.waits(now), queue.weight, first.rank);
            is_free.then_some((turn, index))
        });
        free.min().map(|(_, index)| index)
    }

    /// Whether something of it can run now.
    pub(super) fn has(&self, now: Now<'_>) -> bool {
        self.free(now).is_some()
    }

    /// Whether what can run now stops everything else meanwhile.
    pub(super) fn is_alone(&self, now: Now<'_>) -> bool {
        self.free(now)
            .is_some_and(|queue| self.queues[queue].weight == Weight::All)
    }

    /// Whether what can run now would wait for a session fixture that is being set up.
    pub(super) fn waits(&self, now: Now<'_>) -> bool {
        self.free(now)
            .is_some_and(|queue| self.queues[queue].waits(now))
    }

    /// Takes the part whose turn it is among those that can run now.
    pub(super) fn take(&mut self, now: Now<'_>) -> Option<Part> {
        let queue = self.free(now)?;
        let part = self.queues[queue].parts.pop_front()?;
        self.left -= part.len();
        Some(part)
    }

    /// Takes tests that need those locks and are parts by themselves, in turn, as far as there is
    /// room.
    pub(super) fn take_singles(
        &mut self,
        locks: SetId,
        now: Now<'_>,
        room: &mut Room,
        tests: &mut VecDeque<usize>,
    ) {
        while let Some((index, last)) = self.next_queue(locks, now) {
            let queue = &mut self.queues[index];
            while let Some(part) = queue.parts.front() {
                if part.rank > last {
                    break;
                }
                if !part.rest.is_empty() || !room.takes(part.first.expected) {
                    return;
                }
                tests.push_back(part.first.index as usize);
                queue.parts.pop_front();
                self.left -= 1;
            }
        }
    }

    /// The queue whose turn it is among those with these locks, and up to which rank.
    fn next_queue(&self, locks: SetId, now: Now<'_>) -> Option<(usize, usize)> {
        let mut next = None;
        let (mut lowest, mut second) = (usize::MAX, usize::MAX);
        for (index, queue) in self.queues.iter().enumerate() {
            let Some(part) = queue.parts.front() else {
                continue;
            };
            if queue.locks != locks || queue.waits(now) {
                continue;
            }
            if part.rank < lowest {
                second = lowest;
                lowest = part.rank;
                next = Some(index);
            } else {
                second = second.min(part.rank);
            }
        }
        Some((next?, second))
    }
}

/// The suite, whether it is urgent, and the worker fixtures that are needed.
type ClassKey = (usize, bool, Vec<u32>);

/// A part that has no class yet.
struct Found {
    class: ClassKey,
    part: Part,
    /// Recorded of its tests.
    expected: Duration,
}

/// Sorts the tests that are to be run into classes of parts.
///
/// Most tests of a large suite are parts by themselves, of the class of the one before.
pub(super) fn classes(
    suites: &[Suite],
    manner: Manner,
    locks: &mut LockSets,
    known: impl Fn(&Suite, usize) -> Known,
) -> Vec<Class> {
    let in_order = manner.executors == 1;
    let mut found: Vec<Found> = Vec::new();
    for (number, suite) in suites.iter().enumerate() {
        let mut finder = Finder {
            number,
            tests: &suite.summary.tests,
            known: Vec::new(),
            in_order,
            locks,
            found: &mut found,
        };
        let mut running: Vec<usize> = Vec::with_capacity(finder.tests.len());
        for (index, test) in finder.tests.iter().enumerate() {
            let runs = matches!(test.verdict, Verdict::Run);
            finder.known.push(match runs {
                true => known(suite, index),
                false => Known::default(),
            });
            if runs {
                running.push(index);
            }
        }
        if !in_order || manner.shuffle.is_some() {
            let shares_any = |test: &usize| !finder.tests[*test].instances.is_empty();
            if !running.iter().any(shares_any) {
                for test in running {
                    finder.take_single(test);
                }
                continue;
            }
            for part in together(finder.tests, running.into_iter()) {
                finder.take(part);
            }
            continue;
        }
        if manner.in_order {
            sort::by_key(&mut running, |test| finder.known[*test].place);
        }
        finder.take(running);
    }
    if let Some(seed) = manner.shuffle {
        shuffle_all(suites, &mut found, seed);
    } else if !in_order && found.iter().any(|found| !found.expected.is_zero()) {
        // Stable: what is not known to be long stays in the plan's order.
        sort::by_key(&mut found, |found| std::cmp::Reverse(found.expected));
    }
    if found.iter().any(|found| found.class.1) {
        sort::by_key(&mut found, |found| !found.class.1);
    }
    classified(found, manner.repeat, locks)
}

/// Makes parts of one suite.
struct Finder<'a> {
    number: usize,
    tests: &'a [SuiteTest],
    /// Of each test that is to be run.
    known: Vec<Known>,
    in_order: bool,
    locks: &'a mut LockSets,
    found: &'a mut Vec<Found>,
}

impl Finder<'_> {
    /// Takes tests that stay together, but for those that are urgent.
    fn take(&mut self, part: Vec<usize>) {
        if let [only] = part[..] {
            return self.take_single(only);
        }
        if !part.iter().any(|test| self.known[*test].is_urgent) {
            return self.push(false, part);
        }
        let is_urgent = |test: &usize| self.known[*test].is_urgent;
        let (urgent, rest) = part.into_iter().partition(is_urgent);
        self.push(true, urgent);
        self.push(false, rest);
    }

    /// Takes a test that is a part by itself.
    fn take_single(&mut self, index: usize) {
        let (test, known) = (&self.tests[index], &self.known[index]);
        let needs = match self.in_order {
            true => Vec::new(),
            false => test.worker_fixtures.clone(),
        };
        let (session, is_urgent) = (test.session, known.is_urgent);
        let first = self.ready(index);
        self.found.push(Found {
            class: (self.number, is_urgent, needs),
            expected: first.expected.unwrap_or_default(),
            part: Part {
                first,
                rest: VecDeque::new(),
                session,
                rank: 0,
            },
        });
    }

    fn push(&mut self, is_urgent: bool, part: Vec<usize>) {
        let needs = match self.in_order {
            true => Vec::new(),
            false => worker_fixtures(self.tests, &part),
        };
        let mut tests = VecDeque::with_capacity(part.len());
        let mut expected = Duration::ZERO;
        let mut session = false;
        for index in part {
            session |= self.tests[index].session;
            let ready = self.ready(index);
            expected += ready.expected.unwrap_or_default();
            tests.push_back(ready);
        }
        let Some(part) = Part::new(tests, session) else {
            return;
        };
        self.found.push(Found {
            class: (self.number, is_urgent, needs),
            part,
            expected,
        });
    }

    fn ready(&mut self, index: usize) -> Ready {
        Ready {
            index: u32::try_from(index).expect("itest bug: more than 2^32 tests"),
            locks: self.locks.number(&self.tests[index].locks),
            expected: self.known[index].expected,
        }
    }
}

/// Each part in its class; their turns are in this order.
fn classified(found: Vec<Found>, repeat: u32, locks: &LockSets) -> Vec<Class> {
    let mut classes: Vec<Class> = Vec::new();
    let mut numbers: HashMap<ClassKey, usize> = HashMap::new();
    let mut last: Option<(ClassKey, usize)> = None;
    for (rank, found) in found.into_iter().enumerate() {
        let Found {
            class, mut part, ..
        } = found;
        part.rank = rank;
        if repeat > 1 {
            let once = std::mem::take(&mut part.rest);
            for _ in 1..repeat {
                part.rest.push_back(part.first);
            }
            for test in once {
                for _ in 0..repeat {
                    part.rest.push_back(test);
                }
            }
        }
        let index = match &last {
            // Unoptimised, two lists take long to compare.
            Some((key, index))
                if key.0 == class.0
                    && key.1 == class.1
                    && (key.2.is_empty() && class.2.is_empty() || key.2 == class.2) =>
            {
                *index
            }
            _ => {
                let index = *numbers.entry(class.clone()).or_insert_with(|| {
                    classes.push(Class::new(class.0, class.1));
                    classes.len() - 1
                });
                last = Some((class, index));
                index
            }
        };
        classes[index].push(part, locks);
    }
    classes
}

fn worker_fixtures(tests: &[SuiteTest], part: &[usize]) -> Vec<u32> {
    let mut all: Vec<u32> = Vec::new();
    for test in part {
        all.extend_from_slice(&tests[*test].worker_fixtures);
    }
    sort::ascending(&mut all);
    all.dedup();
    all
}

/// Splits into parts that share no instance of a group or module fixture.
fn together(tests: &[SuiteTest], all: impl Iterator<Item = usize>) -> Vec<Vec<usize>> {
    together_but_for(tests, all, &[])
}

/// The same as if there were not those instances.
fn together_but_for(
    tests: &[SuiteTest],
    all: impl Iterator<Item = usize>,
    without: &[u32],
) -> Vec<Vec<usize>> {
    let mut part_of: HashMap<u32, usize> = HashMap::new();
    let mut parts: Vec<Vec<usize>> = Vec::new();
    for index in all {
        if tests[index].instances.is_empty() {
            parts.push(vec![index]);
            continue;
        }
        let shared = tests[index].instances.iter();
        let shared = shared.filter(|instance| !without.contains(instance));
        let mut known: Vec<usize> = shared
            .clone()
            .filter_map(|instance| part_of.get(instance).copied())
            .collect();
        sort::ascending(&mut known);
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
                sort::ascending(&mut parts[first]);
                first
            }
        };
        parts[part].push(index);
        part_of.extend(shared.map(|instance| (*instance, part)));
    }
    parts
}

/// Shuffles the parts, and the tests within each, as the seed says.
///
/// Each binary by itself: its order does not depend on which others run.
fn shuffle_all(suites: &[Suite], parts: &mut Vec<Found>, seed: u64) {
    let mut by_suite: Vec<Vec<Found>> = suites.iter().map(|_| Vec::new()).collect();
    let mut turns: Vec<usize> = parts.iter().map(|found| found.class.0).collect();
    for found in parts.drain(..) {
        by_suite[found.class.0].push(found);
    }
    let mut by_suite: Vec<_> = suites
        .iter()
        .zip(by_suite)
        .map(|(suite, parts)| shuffled_suite(&suite.summary.tests, parts, seed).into_iter())
        .collect();
    SplitMix(seed).shuffle(&mut turns);
    let turns = turns.into_iter();
    parts.extend(turns.filter_map(|suite| by_suite[suite].next()));
}

fn shuffled_suite(tests: &[SuiteTest], mut parts: Vec<Found>, seed: u64) -> Vec<Found> {
    let mut random = SplitMix(seed);
    let several = |found: &&mut Found| found.part.len() > 1;
    for Found { part, .. } in parts.iter_mut().filter(several) {
        let all = [part.first].into_iter().chain(part.rest.drain(..));
        let mut ready: HashMap<usize, Ready> =
            all.map(|ready| (ready.index as usize, ready)).collect();
        let mut order: Vec<usize> = ready.keys().copied().collect();
        sort::ascending(&mut order);
        let order = shuffled(tests, order, &mut Vec::new(), &mut random);
        let mut order = order.into_iter().filter_map(|index| ready.remove(&index));
        if let Some(first) = order.next() {
            part.first = first;
        }
        part.rest = order.collect();
    }
    random.shuffle(&mut parts);
    parts
}

/// Shuffles tests of a part so that those stay together that share a fixture of an inner group.
///
/// `outer` are the instances that hold them together anyway.
fn shuffled(
    tests: &[SuiteTest],
    mut part: Vec<usize>,
    outer: &mut Vec<u32>,
    random: &mut SplitMix,
) -> Vec<usize> {
    let mut uses: HashMap<u32, usize> = HashMap::new();
    for test in &part {
        for instance in &tests[*test].instances {
            if !outer.contains(instance) {
                *uses.entry(*instance).or_default() += 1;
            }
        }
    }
    // The fixture of the outermost group is the one that most of them use.
    let widest = uses
        .into_iter()
        .filter(|(_, count)| *count > 1)
        .max_by_key(|(instance, count)| (*count, std::cmp::Reverse(*instance)));
    let Some((widest, _)) = widest else {
        random.shuffle(&mut part);
        return part;
    };
    outer.push(widest);
    let mut blocks = together_but_for(tests, part.iter().copied(), outer);
    blocks.retain(|block| !block.is_empty());
    random.shuffle(&mut blocks);
    let mut order = Vec::with_capacity(part.len());
    for block in blocks {
        order.append(&mut shuffled(tests, block, outer, random));
    }
    outer.pop();
    order
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
