//! Compiling 1,000 small async tests: the test crate alone, after an edit, and everything.

use std::fs;
use std::path::Path;

use crate::measure::{Cost, interleave, measure};
use crate::samples::{ASYNC_DROP_IN, ASYNC_FULL, ASYNC_LIBTEST, ASYNC_TOKIO, Sample, Samples};
use crate::table::Quantity::{Cpu, Wall};
use crate::table::{Table, Target, megabytes};

const ROUNDS: usize = 3;

const SIDES: [&Sample; 4] = [&ASYNC_FULL, &ASYNC_DROP_IN, &ASYNC_TOKIO, &ASYNC_LIBTEST];

/// The test crate, everything else being there.
pub(crate) fn test_crate(samples: &Samples, table: &Table<'_>) {
    let sizes = SIDES.map(|sample| {
        let binary = samples.binary(sample);
        fs::metadata(binary).expect("the binary is there").len() as f64
    });
    compare(samples, table, ROUNDS, clean);
    let names = ["full", "drop-in", "#[tokio::test]", "#[test]"];
    for (name, size) in names.iter().zip(sizes) {
        table.alone(&format!("size {name}"), megabytes, &[size], Target::None);
    }
}

/// The test crate again, after an edit of one test's body.
pub(crate) fn edit(samples: &Samples, table: &Table<'_>) {
    for sample in SIDES {
        samples.binary(sample);
    }
    compare(samples, table, 2 * ROUNDS, edited);
}

/// Measures all sides in turns.
fn compare(
    samples: &Samples,
    table: &Table<'_>,
    rounds: usize,
    build: impl Fn(&Samples, &Sample, usize) -> Cost,
) {
    let [mut a, mut b, mut c, mut d] = SIDES.map(|sample| {
        let mut round = 0;
        let build = &build;
        move || {
            round += 1;
            build(samples, sample, round)
        }
    });
    let sides = interleave(rounds, [&mut a, &mut b, &mut c, &mut d]);
    let [full, drop_in, tokio, libtest] = &sides;
    for (mode, itest) in [("full, ", full), ("drop-in, ", drop_in)] {
        let both = &[Wall, Cpu];
        let beside = ("#[tokio::test]", tokio);
        table.compare(mode, both, itest, beside, Target::Ratio(0.8));
        table.compare(mode, both, itest, ("#[test]", libtest), Target::None);
    }
}

/// Builds the test crate, everything else being there.
fn clean(samples: &Samples, sample: &Sample, _round: usize) -> Cost {
    let target = samples.target("shared");
    let mut clean = samples.cargo("clean");
    clean.args(["--package", sample.name]);
    clean.arg("--target-dir").arg(&target);
    measure(&mut clean);
    measure(&mut samples.build(sample, &target))
}

/// Builds after an edit of one test's body.
fn edited(samples: &Samples, sample: &Sample, round: usize) -> Cost {
    samples.edit(sample, round);
    measure(&mut samples.build(sample, &samples.target("shared")))
}

/// Everything from nothing, as a first `cargo test` does.
pub(crate) fn everything(samples: &Samples, table: &Table<'_>) {
    let [mut a, mut b] = [&ASYNC_FULL, &ASYNC_TOKIO].map(|sample| {
        move || {
            let target = samples.target("everything");
            remove(&target);
            let cost = measure(&mut samples.build(sample, &target));
            remove(&target);
            cost
        }
    });
    let [itest, tokio] = interleave(2, [&mut a, &mut b]);
    let beside = ("#[tokio::test]", &tokio);
    table.compare("", &[Wall, Cpu], &itest, beside, Target::Ratio(1.1));
}

fn remove(directory: &Path) {
    if directory.exists() {
        fs::remove_dir_all(directory).expect("the target directory is ours");
    }
}
