//! [`Pretty`]: a line per test, then the summary; libtest's default format.

use std::borrow::Cow;
use std::io::{self, Write};
use std::num::NonZeroUsize;
use std::time::Duration;

use super::naming::Naming;
use super::notice;
use super::style::{Style, Tone, one_line};
use super::summary::Summary;
use super::{Out, Reporter};
use crate::cli::{Args, Thresholds};
use crate::event::{Event, FixtureName, Record, TestName};
use crate::outcome::{FailureKind, Outcome};
use crate::scope::Scope;

/// See the [module](self).
pub(super) struct Pretty {
    out: Out,
    style: Style,
    summary: Summary,
    naming: Naming,
    times: Option<Thresholds>,
    setup_show: bool,
    /// Tests run one by one, so a name can be printed before its result, and one sees what hangs.
    serial: bool,
    /// The test whose name is the last that was printed.
    open: Option<TestName>,
}

impl Pretty {
    pub(super) fn new(args: &Args, terminal: bool, out: Out) -> Self {
        let style = Style {
            color: args.color.on(terminal),
        };
        Pretty {
            out,
            style,
            summary: Summary::new(args, style),
            naming: Naming::default(),
            times: args.report_time,
            setup_show: args.setup_show,
            serial: args.test_threads == NonZeroUsize::new(1) && !args.setup_show,
            open: None,
        }
    }

    /// Leaves a line of which only the name is there.
    fn close(&mut self) -> io::Result<()> {
        match self.open.take() {
            Some(_) => writeln!(self.out),
            None => Ok(()),
        }
    }

    fn result(&mut self, test: TestName, tone: Tone, word: &str) -> io::Result<()> {
        if self.open.as_ref() == Some(&test) {
            self.open = None;
        } else {
            self.close()?;
            write!(self.out, "test {test} ... ")?;
        }
        write!(self.out, "{}", self.style.paint(tone, word))
    }

    fn time(&mut self, duration: Duration) -> io::Result<()> {
        let Some(limits) = self.times else {
            return Ok(());
        };
        let text = format!(" <{:.3}s>", duration.as_secs_f64());
        if duration >= limits.critical {
            write!(self.out, "{}", self.style.paint(Tone::Bad, text))
        } else if duration >= limits.warn {
            write!(self.out, "{}", self.style.paint(Tone::Odd, text))
        } else {
            write!(self.out, "{text}")
        }
    }

    /// A line of `--setup-show`, in pytest's manner.
    fn step(&mut self, step: &str, fixture: &FixtureName, result: &str) -> io::Result<()> {
        self.close()?;
        let (letter, indent) = match fixture.scope {
            Scope::Session => ('S', 0),
            Scope::Worker => ('W', 2),
            Scope::Module => ('M', 4),
            Scope::Group => ('G', 6),
            Scope::Test => ('T', 8),
        };
        write!(self.out, "{:indent$}{step:8} {letter} {}", "", fixture.path)?;
        if !fixture.instance.is_empty() {
            write!(self.out, " ({})", fixture.instance)?;
        }
        writeln!(self.out, "{result}")
    }
}

impl Reporter for Pretty {
    fn record(&mut self, record: &Record) -> io::Result<()> {
        self.summary.record(record);
        match &record.event {
            Event::RunStarted(run) => {
                self.naming = Naming::of(run);
                notice::running(&mut self.out, run)
            }
            Event::TestIgnored { test, reason, .. } => {
                let test = self.naming.name(record, test);
                self.result(test, Tone::Odd, &with_reason("ignored", reason))?;
                writeln!(self.out)
            }
            Event::TestStarted { test } if self.serial => {
                self.close()?;
                let test = self.naming.name(record, test);
                write!(self.out, "test {test} ... ")?;
                self.open = Some(test);
                Ok(())
            }
            Event::TestFinished {
                test,
                outcome,
                attempts,
                teardown_errors,
                duration,
                ..
            } => {
                let test = self.naming.name(record, test);
                let (tone, word) = verdict(outcome);
                self.result(test.clone(), tone, &word)?;
                if *attempts > 1 {
                    write!(self.out, " (attempt {attempts})")?;
                }
                self.time(*duration)?;
                writeln!(self.out)?;
                if teardown_errors.is_empty() {
                    return Ok(());
                }
                notice::teardown_error(&mut self.out, self.style, &test)
            }
            Event::TestSlow { test, elapsed } => {
                self.close()?;
                let test = self.naming.name(record, test);
                notice::slow(&mut self.out, &test, *elapsed)
            }
            Event::CallStarted { test } if self.setup_show => {
                self.close()?;
                let test = self.naming.name(record, test);
                writeln!(self.out, "{:8}CALL     {test}", "")
            }
            Event::SetupFinished {
                fixture,
                error,
                skipped,
                ..
            } if self.setup_show => {
                let result = match (error, skipped) {
                    (Some(_), _) => format!(" ... {}", self.style.paint(Tone::Bad, "ERROR")),
                    (None, Some(reason)) => {
                        let word = with_reason("skipped", reason);
                        format!(" ... {}", self.style.paint(Tone::Odd, word))
                    }
                    (None, None) => String::new(),
                };
                self.step("SETUP", fixture, &result)
            }
            Event::TeardownFinished { fixture, error, .. } => {
                if self.setup_show {
                    let result = match error {
                        Some(_) => format!(" ... {}", self.style.paint(Tone::Bad, "ERROR")),
                        None => String::new(),
                    };
                    self.step("TEARDOWN", fixture, &result)
                } else if error.is_some() && fixture.scope > Scope::Test {
                    self.close()?;
                    notice::wide_teardown_error(&mut self.out, self.style, fixture)
                } else {
                    Ok(())
                }
            }
            Event::RunFinished { duration, .. } => {
                self.close()?;
                self.summary.write(&mut self.out, *duration)
            }
            Event::AttemptFailed { test, attempt, .. } => {
                self.close()?;
                let test = self.naming.name(record, test);
                notice::retry(&mut self.out, &test, *attempt)
            }
            Event::TestPlanned { .. }
            | Event::Attached { .. }
            | Event::TestLeaked { .. }
            | Event::TestStarted { .. }
            | Event::CallStarted { .. }
            | Event::SetupStarted { .. }
            | Event::SetupFinished { .. }
            | Event::TeardownStarted { .. }
            | Event::ProcessFailed { .. } => Ok(()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }

    fn wants_own_fixtures(&self) -> bool {
        self.setup_show || self.summary.wants_own_fixtures()
    }
}

/// The last word of a test's line.
fn verdict(outcome: &Outcome) -> (Tone, Cow<'static, str>) {
    match outcome {
        Outcome::Passed => (Tone::Good, "ok".into()),
        Outcome::Failed { failure } if failure.kind == FailureKind::Timeout => {
            (Tone::Bad, "FAILED (time limit exceeded)".into())
        }
        Outcome::Failed { .. } => (Tone::Bad, "FAILED".into()),
        Outcome::Error { .. } => (Tone::Bad, "ERROR".into()),
        Outcome::Skipped { reason } => (Tone::Odd, with_reason("ignored", reason)),
        Outcome::Xfailed { reason } => (Tone::Good, with_reason("xfailed", reason)),
        Outcome::Xpassed { reason } => (Tone::Odd, with_reason("xpassed", reason)),
    }
}

fn with_reason(word: &'static str, reason: &str) -> Cow<'static, str> {
    match &*one_line(reason) {
        "" => word.into(),
        reason => format!("{word}, {reason}").into(),
    }
}
