//! Reports of a run: [`Reporter`]s turn records of events into text for people and tools.
//!
//! A reporter knows the records and the command line, nothing else, so a stored stream of records
//! gives every report again. What goes to a terminal has libtest's shape, because people know it
//! and tools read it; what libtest has no place for stands on lines of its own.

mod failure;
mod json;
mod junit;
mod list;
mod logfile;
mod naming;
mod notice;
mod pretty;
mod style;
mod summary;
mod tally;
mod terse;
pub(crate) mod time;

use std::fs::File;
use std::io::{self, BufWriter, Write};

use crate::cli::{Args, Format};
use crate::event::Record;

pub(crate) use list::{Listed, list};
pub(crate) use tally::Tally;

/// Turns the records of one run, in order, into a report.
///
/// An error, a closed stdout for instance, concerns the report only: the caller mentions it once
/// and goes on, with the following records too, since other reports may be unharmed.
pub(crate) trait Reporter: Send {
    /// Takes the next record.
    fn record(&mut self, record: &Record) -> io::Result<()>;

    /// Shows what the records so far gave, which until then may be held back.
    ///
    /// Called after each batch of records, and before anything else writes to the same place.
    fn flush(&mut self) -> io::Result<()>;
}

/// Where a report goes.
type Out = BufWriter<Box<dyn Write + Send>>;

/// The report that the command line asks for.
///
/// `terminal` says whether `out` is one.
///
/// # Errors
/// When the log file cannot be written.
pub(crate) fn reporter(
    args: &Args,
    terminal: bool,
    out: Box<dyn Write + Send>,
) -> io::Result<Box<dyn Reporter>> {
    let out = BufWriter::new(out);
    let main: Box<dyn Reporter> = match args.format {
        Format::Pretty => Box::new(pretty::Pretty::new(args, terminal, out)),
        Format::Terse => Box::new(terse::Terse::new(args, terminal, out)),
        Format::Json => Box::new(json::Json::new(args, out)),
        Format::Junit => Box::new(junit::Junit::new(args, out)),
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
    fn record(&mut self, record: &Record) -> io::Result<()> {
        self.each(|reporter| reporter.record(record))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.each(|reporter| reporter.flush())
    }
}

#[cfg(test)]
mod tests;
