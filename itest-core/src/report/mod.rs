//! Reports of a run: reporters turn records of events into text for people and tools.
//!
//! A reporter knows the records and the command line, nothing else, so a stored stream of records
//! gives every report again. What goes to a terminal has libtest's shape, because people know it
//! and tools read it; what libtest has no place for stands on lines of its own.
//!
#![doc = include_str!("../../docs/reports.md")]

mod attempts;
pub(crate) mod base64;
mod ctrf;
mod durations;
mod events;
mod failure;
mod file;
mod github;
mod html;
mod json;
mod junit;
mod list;
pub(crate) mod live;
mod logfile;
mod model;
mod naming;
mod notice;
mod pretty;
mod replay;
mod style;
mod summary;
mod tally;
mod terse;
pub(crate) mod time;
mod trace;
mod width;

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;
use std::time::Duration;

use crate::cli::{Args, Format};
use crate::event::Record;

pub(crate) use events::run_of_processes;
#[cfg(feature = "cli")]
pub(crate) use failure::describe_outcome;
pub(crate) use list::{Listed, list};
pub use replay::{Recorded, ReplayError, replay};
pub(crate) use style::names;
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

    /// What it makes something of that not every reporter does.
    fn wants(&self) -> Wants;

    /// Shows that time passes: so much since the start of the run.
    fn tick(&mut self, _now: Duration) -> io::Result<()> {
        Ok(())
    }

    /// Whether [`tick`](Reporter::tick) does anything.
    fn is_live(&self) -> bool {
        false
    }
}

/// Events that nobody tells if no reporter wants them: they cost more than most tests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Wants {
    /// [`Event::TestPlanned`](crate::event::Event::TestPlanned).
    pub(crate) plan: bool,
    /// [`Event::TestStarted`](crate::event::Event::TestStarted) of tests that have passed by the
    /// time that it could be told.
    pub(crate) starts: bool,
    /// How tests' own fixtures are set up and torn down. What goes wrong with one is a part of its
    /// test's end.
    pub(crate) own_fixtures: bool,
}

impl Wants {
    pub(crate) const NOTHING: Wants = Wants {
        plan: false,
        starts: false,
        own_fixtures: false,
    };

    pub(crate) const ALL: Wants = Wants {
        plan: true,
        starts: true,
        own_fixtures: true,
    };

    fn or(self, other: Wants) -> Wants {
        Wants {
            plan: self.plan || other.plan,
            starts: self.starts || other.starts,
            own_fixtures: self.own_fixtures || other.own_fixtures,
        }
    }
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
    // Without capture tests print to the terminal themselves.
    let live = terminal && args.capture && !args.in_process && live::Live::suits_terminal();
    let style = style::Style {
        color: args.color.on(terminal),
    };
    let width = width::Width::new(terminal);
    if args.format == Format::Pretty && live {
        let pretty = |out| Box::new(pretty::Pretty::new(args, style, width, out)) as _;
        return with_others(args, Box::new(live::Live::new(style, out, pretty)));
    }
    let out = BufWriter::new(out);
    let main: Box<dyn Reporter> = match args.format {
        Format::Pretty => Box::new(pretty::Pretty::new(args, style, width, out)),
        Format::Terse => Box::new(terse::Terse::new(args, style, width, out)),
        Format::Json => Box::new(json::Json::new(args, out)),
        Format::Junit => Box::new(junit::Junit::new(args.show_output, out)),
    };
    with_others(args, main)
}

/// Adds the reports that go elsewhere.
fn with_others(args: &Args, main: Box<dyn Reporter>) -> io::Result<Box<dyn Reporter>> {
    let mut all = vec![main];
    if let Some(path) = &args.logfile {
        let file = BufWriter::new(Box::new(File::create(path)?) as _);
        all.push(Box::new(logfile::Logfile::new(args, file)));
    }
    all.extend(args.reports.reporters(args.show_output));
    if args.github && run_of_processes().is_none() {
        let summary = args.github_summary.clone();
        let github = github::GitHub::new(Box::new(io::stderr()), summary);
        all.push(Box::new(file::Forgiving::new("report for GitHub", github)));
    }
    Ok(match all.len() {
        1 => all.remove(0),
        _ => Box::new(All(all)),
    })
}

/// Which reports go to files, and to which.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Reports {
    /// The records as lines of JSON, written as they come.
    pub events: Option<PathBuf>,
    /// A JUnit document.
    pub junit: Option<PathBuf>,
    /// A page for a browser.
    pub html: Option<PathBuf>,
    /// A document in the Common Test Report Format.
    pub ctrf: Option<PathBuf>,
    /// A trace for Perfetto.
    pub trace: Option<PathBuf>,
}

impl Reports {
    /// The variables that ask for them.
    pub(crate) const VARIABLES: [&str; 5] = [
        "ITEST_EVENTS",
        "ITEST_JUNIT",
        "ITEST_HTML",
        "ITEST_CTRF",
        "ITEST_TRACE",
    ];

    /// Whether none is wanted.
    pub fn is_empty(&self) -> bool {
        *self == Reports::default()
    }

    fn reporters(&self, show_output: bool) -> Vec<Box<dyn Reporter>> {
        // A process that runs one test of many would replace the others' documents.
        let alone = run_of_processes().is_none();
        type New<'a> = &'a dyn Fn(Out) -> Box<dyn Reporter>;
        let mut all: Vec<Box<dyn Reporter>> = Vec::new();
        if let Some(path) = &self.events {
            all.push(Box::new(file::Events::new(path)));
        }
        let documents: [(&Option<PathBuf>, &'static str, New<'_>); 4] = [
            (&self.junit, "JUnit report", &|out| {
                Box::new(junit::Junit::new(show_output, out))
            }),
            (&self.html, "HTML report", &|out| {
                Box::new(html::Html::new(out))
            }),
            (&self.ctrf, "CTRF report", &|out| {
                Box::new(ctrf::Ctrf::new(out))
            }),
            (&self.trace, "trace", &|out| {
                Box::new(trace::Trace::new(out))
            }),
        ];
        for (path, what, new) in documents {
            if let Some(path) = path
                && alone
            {
                all.push(Box::new(file::Document::new(what, path, new)));
            }
        }
        all
    }
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

    fn tick(&mut self, now: Duration) -> io::Result<()> {
        self.each(|reporter| reporter.tick(now))
    }

    fn wants(&self) -> Wants {
        let wants = self.0.iter().map(|reporter| reporter.wants());
        wants.fold(Wants::NOTHING, Wants::or)
    }

    fn is_live(&self) -> bool {
        self.0.iter().any(|reporter| reporter.is_live())
    }
}

#[cfg(test)]
mod tests;
