//! Running 10,000 tests in full mode beside libtest.

use std::process::Command;

use crate::measure::{interleave, measure};
use crate::samples::{CHAIN_FULL, CHAIN_LIBTEST, EMPTY_FULL, EMPTY_LIBTEST, Sample, Samples};
use crate::table::Quantity::{Cpu, Peak, Wall};
use crate::table::{Table, Target};

const ROUNDS: usize = 7;

/// Tests that do nothing.
pub(crate) fn empty(samples: &Samples, table: &Table<'_>) {
    tests(
        samples,
        table,
        &EMPTY_FULL,
        &EMPTY_LIBTEST,
        Target::Ratio(0.2),
    );
}

/// Tests with three fixtures, each made from the one before, beside calls of three functions.
pub(crate) fn chain(samples: &Samples, table: &Table<'_>) {
    tests(samples, table, &CHAIN_FULL, &CHAIN_LIBTEST, Target::None);
}

fn tests(samples: &Samples, table: &Table<'_>, ours: &Sample, theirs: &Sample, target: Target) {
    let sides = [ours, theirs].map(|sample| samples.binary(sample));
    for (what, args) in [("", &[][..]), ("1 thread, ", &["--test-threads=1"])] {
        let [mut a, mut b] =
            [&sides[0], &sides[1]].map(|binary| move || measure(Command::new(binary).args(args)));
        let [itest, libtest] = interleave(ROUNDS, [&mut a, &mut b]);
        let beside = ("libtest", &libtest);
        table.compare(what, &[Wall], &itest, beside, target);
        table.compare(what, &[Cpu, Peak], &itest, beside, Target::None);
    }
}
