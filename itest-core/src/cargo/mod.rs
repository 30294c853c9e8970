//! `cargo itest`: builds, and runs the tests of all binaries as one run.
//!
//! Full-mode binaries describe themselves, and their tests go to workers from one schedule. Other
//! test binaries run as they are, one after the other. All of them have one session, and one
//! report.

mod artifacts;
mod binary;
mod bisect;
mod completions;
mod doctor;
mod flags;
mod flaky;
mod followed;
mod found;
mod init;
mod invoke;
mod plain;
mod record;
mod report;
mod run;
mod shard;
mod tables;
mod words;

use std::ffi::OsString;
use std::io::{self, Write};
use std::process::ExitCode;

use self::words::{Command, Words};
use crate::run::{FAILED, say};

/// What a command came to that could not be carried out.
#[derive(Debug)]
enum Stop {
    /// Said to the user, by whoever it concerned.
    Said,
    /// To be said: what, and how to help it.
    Error(String),
    /// Something did not work on the way.
    Io(io::Error),
    /// By that signal.
    Interrupted(i32),
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        Stop::Io(error)
    }
}

/// The binary `cargo-itest`.
pub fn main() -> ExitCode {
    let mut words: Vec<OsString> = std::env::args_os().collect();
    if let Some(code) = record::record_if_asked(&words) {
        return code;
    }
    // As a subcommand of cargo, its first argument is its name.
    if words.get(1).is_some_and(|word| word == "itest") {
        words.remove(1);
    }
    if let Some(code) = completions::answer_if_asked(&words) {
        return code;
    }
    let done = Words::parse(words).map_err(Stop::Error).and_then(obey);
    match done {
        Ok(code) => code,
        Err(Stop::Io(error)) if error.kind() == io::ErrorKind::BrokenPipe => {
            // Nobody reads it any more.
            ExitCode::from(FAILED)
        }
        // As shells say it.
        Err(Stop::Interrupted(signal)) => ExitCode::from(128 + u8::try_from(signal).unwrap_or(0)),
        Err(stop) => {
            match stop {
                Stop::Said | Stop::Interrupted(_) => {}
                Stop::Error(text) => say(&format!("error: {text}")),
                Stop::Io(error) => say(&format!("error: {error}")),
            }
            ExitCode::from(FAILED)
        }
    }
}

fn obey(words: Words) -> Result<ExitCode, Stop> {
    if words.help {
        io::stdout().write_all(flags::help(words.command).as_bytes())?;
        return Ok(ExitCode::SUCCESS);
    }
    match words.command {
        Command::Run if words.args.list => tables::list(&words),
        Command::Run => run::run(&words),
        Command::List => tables::list(&words),
        Command::Fixtures => tables::fixtures(&words),
        Command::Plan => tables::plan(&words),
        Command::Doctor => doctor::doctor(&words),
        Command::Init => init::init(&words),
        Command::Flaky => flaky::flaky(&words),
        Command::Bisect => bisect::bisect(words),
        Command::Completions => completions::completions(&words),
        Command::Report => report::report(&words),
    }
}
