//! `cargo itest flaky`: the tests that did not always end alike.

use std::cmp::Reverse;
use std::io::{self, BufWriter, Write};
use std::process::ExitCode;

use serde::Serialize;

use super::binary::binaries;
use super::words::Words;
use super::{Stop, artifacts, record};
use crate::event::{BinaryId, TestName};
use crate::history::{History, Past};
use crate::run::say;

/// A test with successes and failures.
#[derive(Serialize)]
struct Flaky {
    binary: BinaryId,
    test: TestName,
    /// How often it ended in another way than the time before, or passed after a failed attempt.
    changes: usize,
    passed: usize,
    /// Passed after a failed attempt.
    flaky: usize,
    failed: usize,
    /// The latest at the end, at most sixteen.
    outcomes: Vec<&'static str>,
}

impl Flaky {
    /// `None` where it always ended alike.
    fn new(binary: &BinaryId, test: TestName, ends: &[Past]) -> Option<Self> {
        let count = |wanted: fn(&Past) -> bool| ends.iter().filter(|end| wanted(end)).count();
        let passed = count(|end| *end == Past::Passed);
        let flaky = count(|end| *end == Past::Flaky);
        let failed = count(|end| end.is_failure());
        if flaky == 0 && (passed == 0 || failed == 0) {
            return None;
        }
        let told = ends.iter().filter(|end| **end != Past::Skipped);
        let told: Vec<bool> = told.map(|end| end.is_failure()).collect();
        let turns = told.windows(2).filter(|pair| pair[0] != pair[1]).count();
        Some(Flaky {
            binary: binary.clone(),
            test,
            changes: turns + flaky,
            passed,
            flaky,
            failed,
            outcomes: ends.iter().map(|end| end.word()).collect(),
        })
    }
}

/// Looks into the history of the binaries that are selected.
pub(super) fn flaky(words: &Words) -> Result<ExitCode, Stop> {
    let built = artifacts::build(words)?;
    let binaries = binaries(record::records(words)?, &built);
    let ids = binaries.iter().map(|binary| &*binary.id);
    let history = match binaries.first() {
        Some(first) => History::load_beside(&first.record.program, ids),
        None => History::default(),
    };
    if let Some(warning) = history.warning() {
        say(warning);
    }
    let mut found: Vec<Flaky> = Vec::new();
    for binary in &binaries {
        let known = history.ends(&binary.id);
        let selected = known.filter(|(test, _)| words.args.selects(test, None));
        found.extend(selected.filter_map(|(test, ends)| Flaky::new(&binary.id, test, &ends)));
    }
    found.sort_by(|one, other| {
        let key = |it: &Flaky| Reverse((it.changes, it.failed + it.flaky));
        let name = |it: &Flaky| (it.binary.clone(), it.test.clone());
        key(one)
            .cmp(&key(other))
            .then_with(|| name(one).cmp(&name(other)))
    });
    let mut out = BufWriter::new(io::stdout().lock());
    for test in &found {
        if words.json {
            serde_json::to_writer(&mut out, test).map_err(io::Error::from)?;
            writeln!(out)?;
        } else {
            writeln!(out, "{} {}", test.binary, test.test)?;
            writeln!(out, "    {}", test.outcomes.join(" "))?;
        }
    }
    if found.is_empty() && !words.json {
        writeln!(out, "no flaky tests are known")?;
    }
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}
