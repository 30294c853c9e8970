//! Starting: `--list` of many tests, and one test out of many by its exact name.

use std::process::Command;

use crate::measure::{Series, interleave, measure};
use crate::samples::{
    EMPTY_FULL, EMPTY_LIBTEST, MANY_FULL, MANY_LIBTEST, MOST_FULL, MOST_LIBTEST, Sample, Samples,
};
use crate::table::Quantity::{Cpu, Peak, Wall};
use crate::table::{Table, Target, megabytes, seconds};

const ROUNDS: usize = 20;
const LIST: &[&str] = &["--list", "--format", "terse"];

/// What a list of 100,000 tests may take; of fewer, in proportion.
const SECONDS: f64 = 0.5;
const BYTES: f64 = 150e6;

pub(crate) fn ten_thousand(samples: &Samples, table: &Table<'_>) {
    list(samples, table, &EMPTY_FULL, &EMPTY_LIBTEST);
}

pub(crate) fn thirty_thousand(samples: &Samples, table: &Table<'_>) {
    list(samples, table, &MANY_FULL, &MANY_LIBTEST);
}

pub(crate) fn hundred_thousand(samples: &Samples, table: &Table<'_>) {
    list(samples, table, &MOST_FULL, &MOST_LIBTEST);
}

fn list(samples: &Samples, table: &Table<'_>, ours: &Sample, theirs: &Sample) {
    let share = ours.tests() as f64 / 100_000.0;
    let [itest, libtest] = run(samples, ours, theirs, LIST);
    let beside = ("libtest", &libtest);
    table.compare("", &[Wall, Cpu, Peak], &itest, beside, Target::None);
    let walls: Vec<f64> = itest.iter().map(|cost| cost.wall).collect();
    let peaks: Vec<f64> = itest.iter().map(|cost| cost.peak).collect();
    table.alone("wall", seconds, &walls, Target::Most(SECONDS * share));
    table.alone(
        "peak memory",
        megabytes,
        &peaks,
        Target::Most(BYTES * share),
    );
}

/// One test out of 10,000, as editors and nextest ask for it.
pub(crate) fn exact(samples: &Samples, table: &Table<'_>) {
    let name = EMPTY_FULL.one();
    let args = &[&*name, "--exact"];
    let [itest, libtest] = run(samples, &EMPTY_FULL, &EMPTY_LIBTEST, args);
    let beside = ("libtest", &libtest);
    table.compare("", &[Wall, Cpu, Peak], &itest, beside, Target::None);
}

fn run(samples: &Samples, ours: &Sample, theirs: &Sample, args: &[&str]) -> [Series; 2] {
    let sides = [ours, theirs].map(|sample| samples.binary(sample));
    let [mut a, mut b] =
        [&sides[0], &sides[1]].map(|binary| move || measure(Command::new(binary).args(args)));
    interleave(ROUNDS, [&mut a, &mut b])
}
