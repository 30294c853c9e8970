//! Lines that `pretty` and `terse` have in common.

use std::io::{self, Write};
use std::time::Duration;

use super::Out;
use super::style::{Style, Tone, count};
use super::width::Width;
use crate::event::{FixtureName, RunInfo};

/// The first line of a run.
pub(super) fn running(out: &mut Out, run: &RunInfo) -> io::Result<()> {
    write!(out, "\nrunning {}", count(run.tests, "test"))?;
    if let Some(seed) = run.shuffle_seed {
        write!(out, " (shuffle seed: {seed})")?;
    }
    if let Some(profile) = &run.profile {
        write!(out, " (profile: {profile})")?;
    }
    writeln!(out)
}

/// Of a test that takes long.
pub(super) fn slow(out: &mut Out, width: Width, test: &str, elapsed: Duration) -> io::Result<()> {
    let rest = format!("has been running for over {} seconds", elapsed.as_secs());
    let test = width.name(test, "test  ".len() + rest.len());
    writeln!(out, "test {test} {rest}")
}

/// Of a test that is about to be repeated.
pub(super) fn retry(out: &mut Out, width: Width, test: &str, attempt: u32) -> io::Result<()> {
    let start = format!("attempt {attempt} of ");
    let end = " failed, trying again";
    let test = width.name(test, start.len() + end.len());
    writeln!(out, "{start}{test}{end}")
}

/// Of a teardown that failed after a test, besides the test's own result.
pub(super) fn teardown_error(
    out: &mut Out,
    style: Style,
    width: Width,
    test: &str,
) -> io::Result<()> {
    let error = style.paint(Tone::Bad, "ERROR");
    let test = width.name(test, "ERROR at teardown of ".len());
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
