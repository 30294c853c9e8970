//! [`Logfile`]: a line per test, `ok name`; libtest's `--logfile`.

use std::io::{self, Write};

use super::failure;
use super::naming::Naming;
use super::style::one_line;
use super::{Out, Reporter, Wants};
use crate::cli::Args;
use crate::event::{Event, Record};
use crate::outcome::{FailureKind, Outcome};

/// See the [module](self).
pub(super) struct Logfile {
    out: Out,
    times: bool,
    naming: Naming,
}

impl Logfile {
    pub(super) fn new(args: &Args, out: Out) -> Self {
        Logfile {
            out,
            times: args.report_time.is_some(),
            naming: Naming::default(),
        }
    }
}

impl Reporter for Logfile {
    fn record(&mut self, record: &Record) -> io::Result<()> {
        match &record.event {
            Event::RunStarted(run) => {
                self.naming = Naming::of(run);
                Ok(())
            }
            Event::TestIgnored { test, reason, .. } => {
                writeln!(
                    self.out,
                    "{} {}",
                    ignored(reason),
                    self.naming.name(record, test)
                )
            }
            Event::TestFinished {
                test,
                outcome,
                duration,
                ..
            } => {
                let result = match outcome {
                    Outcome::Passed | Outcome::Xfailed { .. } | Outcome::Xpassed { .. } => {
                        "ok".to_owned()
                    }
                    Outcome::Failed { failure } => match failure.kind {
                        FailureKind::Timeout => "failed (time limit exceeded)".to_owned(),
                        FailureKind::Expectation => format!("failed: {failure}"),
                        _ => "failed".to_owned(),
                    },
                    Outcome::Error { error } => {
                        format!("failed: {}", failure::setup_headline(error))
                    }
                    Outcome::Skipped { reason } => ignored(reason),
                };
                write!(self.out, "{result} {}", self.naming.name(record, test))?;
                if self.times {
                    write!(self.out, " <{:.3}s>", duration.as_secs_f64())?;
                }
                writeln!(self.out)
            }
            _ => Ok(()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }

    fn wants(&self) -> Wants {
        Wants::NOTHING
    }
}

fn ignored(reason: &str) -> String {
    match &*one_line(reason) {
        "" => "ignored".to_owned(),
        reason => format!("ignored: {reason}"),
    }
}
