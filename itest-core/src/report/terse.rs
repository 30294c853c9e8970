//! [`Terse`]: a character per test, then the summary; libtest's `--quiet`.

use std::io::{self, Write};

use super::naming::Naming;
use super::notice;
use super::style::{Style, Tone};
use super::summary::Summary;
use super::width::Width;
use super::{Out, Reporter, Wants};
use crate::cli::Args;
use crate::event::{Event, Record};
use crate::outcome::Outcome;
use crate::scope::Scope;

/// libtest ends a row of characters with the count of tests after this many.
const ROW: usize = 87;

/// See the [module](self).
pub(super) struct Terse {
    out: Out,
    style: Style,
    width: Width,
    summary: Summary,
    naming: Naming,
    tests: usize,
    done: usize,
    column: usize,
}

impl Terse {
    pub(super) fn new(args: &Args, style: Style, width: Width, out: Out) -> Self {
        Terse {
            out,
            style,
            width,
            summary: Summary::new(args, style, width),
            naming: Naming::default(),
            tests: 0,
            done: 0,
            column: 0,
        }
    }

    fn mark(&mut self, tone: Tone, mark: &str) -> io::Result<()> {
        write!(self.out, "{}", self.style.paint(tone, mark))?;
        self.done += 1;
        self.column += 1;
        match self.column >= self.row() {
            true => self.close(),
            false => Ok(()),
        }
    }

    /// So many characters are in a row; behind them are the counts.
    fn row(&self) -> usize {
        let counts = format!(" {0}/{0}", self.tests).len();
        let fits = self.width.columns().map(|it| it.saturating_sub(counts));
        fits.map_or(ROW, |fits| fits.clamp(1, ROW))
    }

    /// Ends the row of characters, if one is begun.
    fn close(&mut self) -> io::Result<()> {
        if self.column == 0 {
            return Ok(());
        }
        self.column = 0;
        writeln!(self.out, " {}/{}", self.done, self.tests)
    }

    /// A failure has a line to itself, with the name, so that one need not wait for the end.
    fn failed(&mut self, test: &str, word: &str) -> io::Result<()> {
        self.close()?;
        self.done += 1;
        let test = self.width.name(test, " --- ".len() + word.len());
        writeln!(self.out, "{test} --- {}", self.style.paint(Tone::Bad, word))
    }
}

impl Reporter for Terse {
    fn record(&mut self, record: &Record) -> io::Result<()> {
        self.summary.record(record);
        match &record.event {
            Event::RunStarted(run) => {
                self.tests = run.tests;
                self.naming = Naming::of(run);
                notice::running(&mut self.out, run)
            }
            Event::TestIgnored { .. } => self.mark(Tone::Odd, "i"),
            Event::TestFinished {
                test,
                outcome,
                teardown_errors,
                ..
            } => {
                let test = &self.naming.name(record, test);
                match outcome {
                    Outcome::Passed => self.mark(Tone::Good, ".")?,
                    Outcome::Failed { .. } => self.failed(test, "FAILED")?,
                    Outcome::Error { .. } => self.failed(test, "ERROR")?,
                    Outcome::Skipped { .. } => self.mark(Tone::Odd, "i")?,
                    // pytest's characters.
                    Outcome::Xfailed { .. } => self.mark(Tone::Good, "x")?,
                    Outcome::Xpassed { .. } => self.mark(Tone::Odd, "X")?,
                }
                if teardown_errors.is_empty() {
                    return Ok(());
                }
                self.close()?;
                notice::teardown_error(&mut self.out, self.style, self.width, test)
            }
            Event::TestSlow { test, elapsed } => {
                self.close()?;
                let test = &self.naming.name(record, test);
                notice::slow(&mut self.out, self.width, test, *elapsed)
            }
            Event::TeardownFinished {
                fixture,
                error: Some(_),
                ..
            } if fixture.scope > Scope::Test => {
                self.close()?;
                notice::wide_teardown_error(&mut self.out, self.style, fixture)
            }
            Event::AttemptFailed { test, attempt, .. } => {
                self.close()?;
                let test = &self.naming.name(record, test);
                notice::retry(&mut self.out, self.width, test, *attempt)
            }
            Event::RunFinished { duration, .. } => self.summary.write(&mut self.out, *duration),
            _ => Ok(()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }

    fn wants(&self) -> Wants {
        self.summary.wants()
    }
}
