//! `cargo itest run`.

use std::process::ExitCode;

use super::binary::{Binary, Found, binaries, probe_all};
use super::plain::Plain;
use super::words::Words;
use super::{Stop, artifacts, record};
use crate::describe::Wanted;
use crate::run::{CrewKind, Job, dispatch, refusal, say};

/// Builds and runs.
pub(super) fn run(words: &Words) -> Result<ExitCode, Stop> {
    if let Some(refusal) = refusal(&words.args) {
        say(&refusal);
        return Err(Stop::Said);
    }
    let built = artifacts::build(words)?;
    if words.no_run {
        return Ok(ExitCode::SUCCESS);
    }
    let binaries = binaries(record::records(words)?, &built);
    let found = probe_all(&binaries, words, Wanted::Plan);
    let mut job = Job::default();
    for (binary, found) in binaries.into_iter().zip(found) {
        add(&mut job, binary, found, words);
    }
    Ok(dispatch(job, &words.args, CrewKind::Processes)?)
}

fn add(job: &mut Job, binary: Binary, found: Found, words: &Words) {
    match found {
        Found::Full(description) => {
            for warning in &description.warnings {
                say(warning);
            }
            match binary.suite(description, words) {
                Ok(suite) => job.suites.push(suite),
                Err(broken) => job.broken.push(*broken),
            }
        }
        Found::Libtest => match Plain::libtest(binary, words) {
            Ok(plain) => job.alone.push(Box::new(plain)),
            Err(broken) => job.broken.push(*broken),
        },
        Found::Other => job.alone.push(Box::new(Plain::other(binary, &words.args))),
        Found::Failed(broken) => job.broken.push(*broken),
    }
}
