//! Starting: `--list` of many tests, and one test out of many by its exact name.

use std::process::Command;

use crate::measure::{Series, interleave, measure};
use crate::samples::{
    EMPTY_FULL, EMPTY_LIBTEST, MANY_FULL, MANY_LIBTEST, MOST_FULL, MOST_LIBTEST, Sample, Samples,
};
use crate::table::Quantity::{Cpu, Peak, Wall};
use crate::table::{Table, Target};

const ROUNDS: usize = 20;
const LIST: &[&str] = &["--list", "--format", "terse"];

/// What a list of 100,000 tests may take; one of 30,000, three tenths of it.
const SECONDS: f64 = 0.5;
const BYTES: f64 = 150e6;

pub(crate) fn ten_thousand(samples: &Samples, table: &Table<'_>) {
    let sides = [&EMPTY_FULL, &EMPTY_LIBTEST];
    list(samples, table, sides, [Target::None; 2]);
}

pub(crate) fn thirty_thousand(samples: &Samples, table: &Table<'_>) {
    list(samples, table, [&MANY_FULL, &MANY_LIBTEST], targets(0.3));
}

pub(crate) fn hundred_thousand(samples: &Samples, table: &Table<'_>) {
    list(samples, table, [&MOST_FULL, &MOST_LIBTEST], targets(1.0));
}

fn targets(share: f64) -> [Target; 2] {
    [SECONDS * share, BYTES * share].map(Target::Most)
}

fn list(samples: &Samples, table: &Table<'_>, sides: [&Sample; 2], [time, peak]: [Target; 2]) {
    let [itest, libtest] = run(samples, sides, LIST);
    let beside = ("libtest", &libtest);
    table.compare("", &[Wall, Cpu], &itest, beside, time);
    table.compare("", &[Peak], &itest, beside, peak);
}

/// One test out of 10,000, as editors and nextest ask for it.
pub(crate) fn exact(samples: &Samples, table: &Table<'_>) {
    let name = EMPTY_FULL.one();
    let args = &[&*name, "--exact"];
    let [itest, libtest] = run(samples, [&EMPTY_FULL, &EMPTY_LIBTEST], args);
    let beside = ("libtest", &libtest);
    table.compare("", &[Wall, Cpu, Peak], &itest, beside, Target::None);
}

fn run(samples: &Samples, sides: [&Sample; 2], args: &[&str]) -> [Series; 2] {
    let sides = sides.map(|sample| samples.binary(sample));
    let [mut a, mut b] =
        [&sides[0], &sides[1]].map(|binary| move || measure(Command::new(binary).args(args)));
    interleave(ROUNDS, [&mut a, &mut b])
}
