//! Lines that `pretty` and `terse` have in common.

use std::io::{self, Write};
use std::time::Duration;

use super::Out;
use super::style::{Style, Tone, count};
use crate::event::{FixtureName, RunInfo};

/// The first line of a run.
pub(super) fn running(out: &mut Out, run: &RunInfo) -> io::Result<()> {
    write!(out, "\nrunning {}", count(run.tests, "test"))?;
    match run.shuffle_seed {
        Some(seed) => writeln!(out, " (shuffle seed: {seed})"),
        None => writeln!(out),
    }
}

/// Of a test that takes long.
pub(super) fn slow(out: &mut Out, test: &str, elapsed: Duration) -> io::Result<()> {
    let seconds = elapsed.as_secs();
    writeln!(
        out,
        "test {test} has been running for over {seconds} seconds"
    )
}

/// Of a test that is about to be repeated.
pub(super) fn retry(out: &mut Out, test: &str, attempt: u32) -> io::Result<()> {
    writeln!(out, "attempt {attempt} of {test} failed, trying again")
}

/// Of a teardown that failed after a test, besides the test's own result.
pub(super) fn teardown_error(out: &mut Out, style: Style, test: &str) -> io::Result<()> {
    let error = style.paint(Tone::Bad, "ERROR");
    writeln!(out, "{error} at teardown of {test}")
}

/// Of a wide fixture's teardown that failed.
pub(super) fn wide_teardown_error(
    out: &mut Out,
    style: Style,
    fixture: &FixtureName,
) -> io::Result<()> {
    let error = style.paint(Tone::Bad, "ERROR");
    let (scope, path) = (fixture.scope, &fixture.path);
    write!(out, "{error} at teardown of {scope} fixture {path}")?;
    match &*fixture.instance {
        "" => writeln!(out),
        instance => writeln!(out, " ({instance})"),
    }
}
