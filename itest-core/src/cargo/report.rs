//! `cargo itest report`: makes reports of recorded events.

use std::fs::File;
use std::io::{self, BufReader, IsTerminal, Write};
use std::path::Path;
use std::process::ExitCode;

use super::Stop;
use super::words::Words;
use crate::report::{Recorded, replay};
use crate::run::FAILED;

/// The exit code is that of the recorded run.
pub(super) fn report(words: &Words) -> Result<ExitCode, Stop> {
    let files = &words.args.filters;
    let Some((first, more)) = files.split_first() else {
        return Err(Stop::Error(
            "`cargo itest report` needs a file that `--events` wrote\n  = help: cargo itest report \
             events.jsonl --html report.html"
                .to_owned(),
        ));
    };
    let reports = &words.args.reports;
    if let Some(target) = &reports.events
        && files.iter().any(|file| is_same(Path::new(file), target))
    {
        return Err(Stop::Error(format!(
            "`{}` would be written while it is read: give `--events` another name",
            target.display()
        )));
    }
    let mut recorded = read(first)?;
    for file in more {
        recorded.add(read(file)?);
    }
    // Whoever wants a file does not ask for the text.
    let console = reports
        .is_empty()
        .then(|| Box::new(io::stdout()) as Box<dyn Write + Send>);
    let success = replay(&recorded, reports, console, io::stdout().is_terminal())?;
    Ok(match success {
        true => ExitCode::SUCCESS,
        false => ExitCode::from(FAILED),
    })
}

fn read(path: &str) -> Result<Recorded, Stop> {
    let file = File::open(path).map_err(|error| Stop::Error(format!("`{path}`: {error}")))?;
    let recorded = Recorded::read(BufReader::new(file));
    recorded.map_err(|error| Stop::Error(format!("`{path}`: {error}")))
}

fn is_same(one: &Path, other: &Path) -> bool {
    let real = |path: &Path| path.canonicalize().ok();
    one == other || real(one).is_some_and(|one| Some(one) == real(other))
}
