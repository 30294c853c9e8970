//! `cargo itest run`.

use std::process::ExitCode;

use super::Stop;
use super::found::{Looked, look};
use super::words::Words;
use crate::describe::Wanted;
use crate::run::{CrewKind, Job, dispatch, refusal, say};

/// Builds and runs.
pub(super) fn run(words: &Words) -> Result<ExitCode, Stop> {
    if let Some(refusal) = refusal(&words.args) {
        say(&refusal);
        return Err(Stop::Said);
    }
    let Some(all) = look(words, Wanted::Plan)? else {
        return Ok(ExitCode::SUCCESS);
    };
    let mut job = Job::default();
    for looked in all {
        add(&mut job, looked, words);
    }
    Ok(dispatch(job, &words.args, CrewKind::Processes)?)
}

fn add(job: &mut Job, looked: Looked, words: &Words) {
    match looked {
        Looked::Full(binary, description) => {
            for warning in &description.warnings {
                say(warning);
            }
            match binary.suite(description, words) {
                Ok(suite) => job.suites.push(suite),
                Err(broken) => job.broken.push(*broken),
            }
        }
        Looked::Alone(plain) => job.alone.push(Box::new(plain)),
        Looked::Broken(broken) => job.broken.push(*broken),
    }
}
