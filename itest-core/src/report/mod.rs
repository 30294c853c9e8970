//! Reports of a run: [`Reporter`]s turn events into text for people and tools.
//!
//! A reporter knows the events and the command line, nothing else, so a stored stream of events
//! gives every report again. What goes to a terminal has libtest's shape, because people know it
//! and tools read it; what libtest has no place for stands on lines of its own.

mod failure;
mod json;
mod junit;
mod list;
mod logfile;
mod notice;
mod pretty;
mod style;
mod summary;
mod tally;
mod terse;

use std::fs::File;
use std::io::{self, BufWriter, Write};

use crate::cli::{Args, Format};
use crate::event::Event;

pub(crate) use list::{Listed, list};
pub(crate) use tally::Tally;

/// Turns the events of one run, in order, into a report.
///
/// An error, a closed stdout for instance, concerns the report only: the caller mentions it once
/// and goes on, with the following events too, since other reports may be unharmed.
pub(crate) trait Reporter: Send {
    /// Takes the next event.
    fn event(&mut self, event: &Event) -> io::Result<()>;

    /// Shows what the events so far gave, which until then may be held back.
    ///
    /// Called after each batch of events, and before anything else writes to the same place.
    fn flush(&mut self) -> io::Result<()>;
}

/// Where a report goes.
type Out = BufWriter<Box<dyn Write + Send>>;

/// The report that the command line asks for.
///
/// `binary` names the test binary where several are reported together; `terminal` says whether
/// `out` is one.
///
/// # Errors
/// When the log file cannot be written.
pub(crate) fn reporter(
    args: &Args,
    binary: &str,
    terminal: bool,
    out: Box<dyn Write + Send>,
) -> io::Result<Box<dyn Reporter>> {
    let out = BufWriter::new(out);
    let main: Box<dyn Reporter> = match args.format {
        Format::Pretty => Box::new(pretty::Pretty::new(args, terminal, out)),
        Format::Terse => Box::new(terse::Terse::new(args, terminal, out)),
        Format::Json => Box::new(json::Json::new(args, out)),
        Format::Junit => Box::new(junit::Junit::new(args, binary, out)),
    };
    let Some(path) = &args.logfile else {
        return Ok(main);
    };
    let log = logfile::Logfile::new(args, BufWriter::new(Box::new(File::create(path)?)));
    Ok(Box::new(All(vec![main, Box::new(log)])))
}

/// Several reports of the same run.
struct All(Vec<Box<dyn Reporter>>);

impl All {
    /// Serves every reporter, whatever happens to the others.
    fn each(
        &mut self,
        serve: impl FnMut(&mut Box<dyn Reporter>) -> io::Result<()>,
    ) -> io::Result<()> {
        self.0.iter_mut().map(serve).fold(Ok(()), io::Result::and)
    }
}

impl Reporter for All {
    fn event(&mut self, event: &Event) -> io::Result<()> {
        self.each(|reporter| reporter.event(event))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.each(|reporter| reporter.flush())
    }
}

#[cfg(test)]
mod tests;
