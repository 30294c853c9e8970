//! Running tests in full mode beside libtest, nextest, and what would be ideal.

use std::process::Command;

use crate::measure::{Cost, Series, interleave, measure};
use crate::samples::{
    CHAIN_FULL, CHAIN_LIBTEST, EMPTY_FULL, EMPTY_LIBTEST, FEW_LIBTEST, NAP_FULL, NAP_LIBTEST,
    NAP_MILLISECONDS, Sample, Samples, has_nextest,
};
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

/// Tests that sleep, on more workers than there are cores: the ideal is that these only sleep.
pub(crate) fn naps(samples: &Samples, table: &Table<'_>) {
    const WORKERS: u32 = 8;
    let sides = [&NAP_FULL, &NAP_LIBTEST].map(|sample| samples.binary(sample));
    let threads = format!("--test-threads={WORKERS}");
    let threads = &threads;
    let [mut a, mut b] =
        [&sides[0], &sides[1]].map(|binary| move || measure(Command::new(binary).arg(threads)));
    let [itest, libtest] = interleave(ROUNDS, [&mut a, &mut b]);
    let nap = f64::from(NAP_MILLISECONDS) / 1e3;
    let ideal = Cost {
        wall: NAP_FULL.tests() as f64 * nap / f64::from(WORKERS),
        cpu: f64::NAN,
        peak: f64::NAN,
    };
    let what = "8 workers, ";
    table.compare(what, &[Wall], &itest, ("ideal", &vec![ideal]), Target::None);
    let beside = ("libtest", &libtest);
    table.compare(what, &[Wall, Cpu], &itest, beside, Target::None);
}

/// What one of 10,000 empty tests costs, beside one of 500 under nextest, which starts a process
/// for each: all of the run on our side, only what the tests add to a run of none on nextest's.
pub(crate) fn nextest(samples: &Samples, table: &Table<'_>) {
    if !has_nextest() {
        println!("left out: cargo-nextest is not installed");
        return;
    }
    const ROUNDS: usize = 3;
    let binary = samples.binary(&EMPTY_FULL);
    samples.binary(&FEW_LIBTEST);
    let mut ours = || measure(&mut Command::new(&binary));
    let mut theirs = || measure(&mut samples.nextest(&FEW_LIBTEST));
    let none = ["--filterset=none()", "--no-tests=pass"];
    let mut idle = || measure(samples.nextest(&FEW_LIBTEST).args(none));
    let [itest, nextest, idle] = interleave(ROUNDS, [&mut ours, &mut theirs, &mut idle]);
    let itest = per_test(&itest, &EMPTY_FULL, |cost| cost);
    let least = |cost: fn(&Cost) -> f64| idle.iter().map(cost).fold(f64::INFINITY, f64::min);
    let (wall, cpu) = (least(|cost| cost.wall), least(|cost| cost.cpu));
    let nextest = per_test(&nextest, &FEW_LIBTEST, |cost| Cost {
        wall: cost.wall - wall,
        cpu: cost.cpu - cpu,
        ..cost
    });
    let beside = ("nextest", &nextest);
    table.compare("per test, ", &[Wall, Cpu], &itest, beside, Target::None);
}

fn per_test(series: &Series, sample: &Sample, of_tests: impl Fn(Cost) -> Cost) -> Series {
    let tests = sample.tests() as f64;
    let costs = series.iter().map(|cost| of_tests(*cost));
    let costs = costs.map(|cost| Cost {
        wall: cost.wall / tests,
        cpu: cost.cpu / tests,
        ..cost
    });
    costs.collect()
}
