//! [`Shares`]: of the tests of all binaries those that one machine of several runs.

use std::collections::HashSet;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use super::Stop;
use super::binary::{Binary, Found};
use super::plain::Plain;
use super::record::Temporary;
use super::words::Words;
use crate::cli::Shard;
use crate::event::TestName;
use crate::history::History;
use crate::plan::Verdict;
use crate::run::{Alone, assign};

/// For each binary, which tests.
#[derive(Debug)]
pub(super) struct Shares(Vec<Share>);

#[derive(Debug)]
struct Share {
    tests: HashSet<TestName>,
    /// Their names, for the binary.
    file: Temporary,
}

/// A test, and how long it is known to take.
struct Test {
    binary: usize,
    name: TestName,
    time: Option<Duration>,
}

impl Shares {
    /// Every machine that knows the same times comes to the same result. What cannot be listed is in
    /// no share: it is told by every machine.
    pub(super) fn cut(
        binaries: &[Binary],
        found: &[Found],
        words: &Words,
        shard: Shard,
    ) -> Result<Self, Stop> {
        let history = match binaries.first() {
            Some(first) => {
                let ids = binaries.iter().map(|binary| &*binary.id);
                History::load_beside(&first.record.program, ids)
            }
            None => History::default(),
        };
        let mut tests: Vec<Test> = Vec::new();
        for (index, (binary, found)) in binaries.iter().zip(found).enumerate() {
            let time = |name: &TestName, runs: bool| match runs {
                true => history.duration(&binary.id, name),
                false => Some(Duration::ZERO),
            };
            let all: Vec<(TestName, bool)> = tests_of(binary, found, words);
            tests.extend(all.into_iter().map(|(name, runs)| Test {
                binary: index,
                time: time(&name, runs),
                name,
            }));
        }
        let names: Vec<String> = tests
            .iter()
            .map(|test| format!("{} {}", binaries[test.binary].id, test.name))
            .collect();
        let times = names.iter().zip(&tests);
        let times: Vec<(&str, Option<Duration>)> =
            times.map(|(name, test)| (&**name, test.time)).collect();
        let assigned = assign(&times, shard.of, "");
        let mut shares: Vec<HashSet<TestName>> = binaries.iter().map(|_| HashSet::new()).collect();
        for (test, number) in tests.into_iter().zip(assigned) {
            if number == shard.number - 1 {
                shares[test.binary].insert(test.name);
            }
        }
        let shares = shares.into_iter().map(|tests| {
            let file = Temporary::new()?;
            let names: Vec<&str> = tests.iter().map(|name| &**name).collect();
            fs::write(&file.0, names.join("\n"))?;
            Ok(Share { tests, file })
        });
        Ok(Shares(shares.collect::<Result<_, Stop>>()?))
    }

    pub(super) fn file(&self, binary: usize) -> PathBuf {
        self.0[binary].file.0.clone()
    }

    pub(super) fn has(&self, binary: usize, test: &TestName) -> bool {
        self.0[binary].tests.contains(test)
    }
}

/// The tests of a binary that are selected, and whether each would run.
fn tests_of(binary: &Binary, found: &Found, words: &Words) -> Vec<(TestName, bool)> {
    let of_plain = |plain: Plain| {
        let tests = plain.tests().iter();
        let tests = tests.map(|test| (test.clone(), !plain.is_ignored(test)));
        tests.collect()
    };
    match found {
        Found::Full(description) => {
            let tests = description.plan.iter().flat_map(|plan| &plan.tests);
            let selected = tests.filter(|test| test.verdict != Verdict::LeftOut);
            selected
                .map(|test| (test.name.clone(), test.verdict == Verdict::Run))
                .collect()
        }
        Found::Libtest => {
            Plain::libtest(binary.clone(), words).map_or_else(|_| Vec::new(), of_plain)
        }
        Found::Other => of_plain(Plain::other(binary.clone(), &words.args)),
        Found::Failed(_) => Vec::new(),
    }
}
