//! [`Target`]: a binary whose tests can be tried, and the test that is wanted among several.

use std::ffi::OsString;

use crate::cargo::binary::{Binary, Found};
use crate::cargo::plain::Plain;
use crate::cargo::words::Words;
use crate::cli;
use crate::event::TestName;
use crate::history::History;
use crate::plan::Verdict;
use crate::run::suite::Suite;
use crate::run::{Alone, order, say};

/// A test binary.
pub(super) struct Target {
    pub(super) binary: Binary,
    pub(super) harness: Harness,
    /// Those that run, in the order in which one thread runs them.
    pub(super) tests: Vec<TestName>,
    /// Those that do not, and why.
    unrun: Vec<(TestName, String)>,
}

/// Who runs the tests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Harness {
    /// We do, in any order.
    Full,
    /// libtest, by their names.
    Libtest,
}

/// Those among the binaries of a selection; what is wrong with others is told to the user.
pub(super) fn targets(binaries: Vec<Binary>, found: Vec<Found>, words: &Words) -> Vec<Target> {
    let mut suites: Vec<Suite> = Vec::new();
    let mut full: Vec<Binary> = Vec::new();
    let mut targets: Vec<Target> = Vec::new();
    for (binary, found) in binaries.into_iter().zip(found) {
        let broken = match found {
            Found::Full(description) => match binary.clone().suite(description, words) {
                Ok(suite) => {
                    suites.push(suite);
                    full.push(binary);
                    continue;
                }
                Err(broken) => broken,
            },
            Found::Libtest => match Plain::libtest(binary, words) {
                Ok(plain) => {
                    targets.push(Target::of_libtest(plain));
                    continue;
                }
                Err(broken) => broken,
            },
            Found::Other => {
                say(&format!(
                    "note: `{}` has a harness of its own: its tests cannot be chosen",
                    binary.id
                ));
                continue;
            }
            Found::Failed(broken) => broken,
        };
        say(&format!("error: {}", broken.failure));
        if !broken.output.is_empty() {
            say(broken.output.trim_end());
        }
    }
    let order = order(&suites, words.args.shuffle);
    let full = full.into_iter().enumerate().map(|(number, binary)| {
        let tests = &suites[number].summary.tests;
        let own = order.iter().filter(|(suite, _)| *suite == number);
        Target {
            binary,
            harness: Harness::Full,
            tests: own.map(|(_, test)| tests[*test].name.clone()).collect(),
            unrun: tests
                .iter()
                .filter_map(|test| Some((test.name.clone(), why_not(&test.verdict)?)))
                .collect(),
        }
    });
    targets.extend(full);
    targets
}

/// Why a test does not run.
fn why_not(verdict: &Verdict) -> Option<String> {
    match verdict {
        Verdict::Run | Verdict::LeftOut => None,
        Verdict::Ignored(_) => Some("is ignored\n  help: `--include-ignored` runs it".to_owned()),
        Verdict::Skipped(reason) => Some(format!("is skipped: {reason}")),
        Verdict::Required(reason) => {
            Some(format!("is skipped, which `--require` forbids: {reason}"))
        }
        Verdict::NotRun(reason) => Some(format!("is not to be run: {reason}")),
    }
}

impl Target {
    fn of_libtest(plain: Plain) -> Self {
        let tests = plain.tests().iter().cloned();
        let (ignored, tests) = tests.partition(|test| plain.is_ignored(test));
        let ignored: Vec<TestName> = ignored;
        let why = "is ignored\n  help: `--include-ignored` runs it";
        Target {
            binary: plain.binary().clone(),
            harness: Harness::Libtest,
            tests,
            unrun: ignored
                .into_iter()
                .map(|test| (test, why.to_owned()))
                .collect(),
        }
    }

    /// The words behind `cargo test` that start its binary.
    pub(super) fn words(&self) -> Vec<OsString> {
        let Binary {
            package,
            target,
            kind,
            ..
        } = &self.binary;
        let selector = match kind.as_str() {
            kind @ ("test" | "bin" | "example" | "bench") => {
                vec![format!("--{kind}"), target.clone()]
            }
            _ => vec!["--lib".to_owned()],
        };
        let package = ["-p".to_owned(), package.clone()];
        package
            .into_iter()
            .chain(selector)
            .map(OsString::from)
            .collect()
    }
}

/// Where the test stands that is called so: the number of its target, and its own.
///
/// A part of a name is enough where no other test has it, unless `exact`.
///
/// # Errors
/// The whole message.
pub(super) fn find(
    targets: &[Target],
    wanted: &str,
    exact: bool,
) -> Result<(usize, usize), String> {
    let all = || {
        targets.iter().enumerate().flat_map(|(number, target)| {
            let tests = target.tests.iter().enumerate();
            tests.map(move |(index, test)| (number, index, test))
        })
    };
    let with_binary = |number: usize, test: &str| format!("{} {test}", targets[number].binary.id);
    let mut found: Vec<_> = all()
        .filter(|(number, _, test)| ***test == *wanted || with_binary(*number, test) == wanted)
        .collect();
    if found.is_empty() {
        if let Some(why) = unrun(targets, wanted) {
            return Err(format!("`{wanted}` {why}"));
        }
        if !exact {
            found = all().filter(|(_, _, test)| test.contains(wanted)).collect();
        }
    }
    match found.as_slice() {
        [(number, index, _)] => Ok((*number, *index)),
        [] => {
            let help = match similar(wanted, all().map(|(_, _, test)| &**test)) {
                Some(name) => format!("there is a test with a similar name: `{name}`"),
                None => "`cargo itest list` shows the tests".to_owned(),
            };
            Err(format!("no test is called `{wanted}`\n  help: {help}"))
        }
        several => {
            let mut text = format!("{} tests are called `{wanted}`:", several.len());
            for (number, _, test) in several.iter().take(SHOWN) {
                text += &format!("\n    {}", with_binary(*number, test));
            }
            if several.len() > SHOWN {
                text += "\n    …";
            }
            text += "\n  help: give one of these in quotes, or choose its binary with `-p` and `--test`";
            Err(text)
        }
    }
}

/// The test that was probably meant, by its whole name or the last part of it.
fn similar<'n>(wanted: &str, names: impl Iterator<Item = &'n str> + Clone) -> Option<&'n str> {
    let last = |name: &'n str| name.rsplit("::").next().unwrap_or(name);
    cli::nearest(wanted, names.clone()).or_else(|| {
        let nearest = cli::nearest(wanted, names.clone().map(last))?;
        names.clone().find(|name| last(name) == nearest)
    })
}

/// So many names are enough to see what is meant.
const SHOWN: usize = 10;

fn unrun<'t>(targets: &'t [Target], wanted: &str) -> Option<&'t str> {
    let mut all = targets.iter().flat_map(|target| &target.unrun);
    let found = all.find(|(test, _)| **test == *wanted)?;
    Some(&found.1)
}

/// The only test that failed the last time it ran.
///
/// # Errors
/// The whole message: there is none, or more than one.
pub(super) fn last_failed(targets: &[Target]) -> Result<(usize, usize), String> {
    let history = match targets.first() {
        Some(first) => {
            let ids = targets.iter().map(|target| &*target.binary.id);
            History::load_beside(&first.binary.record.program, ids)
        }
        None => History::default(),
    };
    let mut failed = Vec::new();
    for (number, target) in targets.iter().enumerate() {
        for (index, test) in target.tests.iter().enumerate() {
            let last = history.last(&target.binary.id, test);
            if last.is_some_and(|past| past.is_failure()) {
                failed.push((number, index));
            }
        }
    }
    match failed.as_slice() {
        [only] => Ok(*only),
        [] => Err(
            "which test? none is known to have failed the last time it ran\n  help: cargo \
                   itest bisect TEST"
                .to_owned(),
        ),
        several => {
            let mut text = format!(
                "which test? {} failed the last time they ran:",
                several.len()
            );
            for (number, index) in several.iter().take(SHOWN) {
                let Target { binary, tests, .. } = &targets[*number];
                text += &format!("\n    {} {}", binary.id, tests[*index]);
            }
            if several.len() > SHOWN {
                text += "\n    …";
            }
            text += "\n  help: cargo itest bisect TEST";
            Err(text)
        }
    }
}
