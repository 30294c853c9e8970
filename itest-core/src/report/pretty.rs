//! [`Pretty`]: a line per test, then the summary; libtest's default format.

use std::borrow::Cow;
use std::io::{self, Write};
use std::num::NonZeroUsize;
use std::time::Duration;

use super::naming::Naming;
use super::notice;
use super::style::{Style, Tone, one_line};
use super::summary::Summary;
use super::width::Width;
use super::{Out, Reporter, Wants};
use crate::cli::{Args, Thresholds};
use crate::event::{Event, FixtureName, Record, TestName};
use crate::outcome::{FailureKind, Outcome};
use crate::scope::Scope;

/// See the [module](self).
pub(super) struct Pretty {
    out: Out,
    style: Style,
    width: Width,
    summary: Summary,
    naming: Naming,
    times: Option<Thresholds>,
    setup_show: bool,
    /// Tests run one by one, so a name can be printed before its result, and one sees what hangs.
    serial: bool,
    /// The test whose name is the last that was printed, and how long its line is.
    open: Option<(TestName, usize)>,
}

impl Pretty {
    pub(super) fn new(args: &Args, style: Style, width: Width, out: Out) -> Self {
        Pretty {
            out,
            style,
            width,
            summary: Summary::new(args, style, width),
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

    /// The line of a test, or its end, without what comes behind the result and is so long.
    fn result(&mut self, test: &TestName, tone: Tone, word: &str, behind: usize) -> io::Result<()> {
        let word = match self.open.take() {
            Some((open, length)) if open == *test => self.width.end(word, length + behind),
            open => {
                self.open = open;
                self.close()?;
                let besides = "test  ... ".len() + behind;
                let (test, word) = self.width.pair(test, word, besides);
                // In pieces: formatting takes longer than most tests do.
                for piece in ["test ", &*test, " ... "] {
                    self.out.write_all(piece.as_bytes())?;
                }
                word
            }
        };
        match self.style.color {
            true => write!(self.out, "{}", self.style.paint(tone, word)),
            false => self.out.write_all(word.as_bytes()),
        }
    }

    /// Whether a result is a whole line without colour, time or limit.
    fn is_plain(&self) -> bool {
        self.open.is_none()
            && self.times.is_none()
            && !self.style.color
            && self.width.columns().is_none()
    }

    /// The line of most tests, where lines are plain; it takes longer than they do otherwise.
    fn passed(&mut self, test: &str) -> io::Result<()> {
        self.out.write_all(b"test ")?;
        self.out.write_all(test.as_bytes())?;
        self.out.write_all(b" ... ok\n")
    }

    /// The beginning of the line of a test that runs.
    fn begin(&mut self, test: TestName) -> io::Result<()> {
        let room_for_result = Width::WORD + self.times.map_or(0, |_| TIME);
        let shown = self.width.name(&test, "test  ... ".len() + room_for_result);
        let line = format!("test {shown} ... ");
        self.open = Some((test, line.chars().count()));
        write!(self.out, "{line}")
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
        let mut name = fixture.path.clone();
        if !fixture.instance.is_empty() {
            name += &format!(" ({})", fixture.instance);
        }
        // ` ... ERROR`
        let end = if result.is_empty() { 0 } else { 10 };
        let name = self.width.name(&name, indent + 11 + end);
        writeln!(self.out, "{:indent$}{step:8} {letter} {name}{result}", "")
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
                self.result(&test, Tone::Odd, &with_reason("ignored", reason), 0)?;
                writeln!(self.out)
            }
            Event::TestStarted { test } if self.serial => {
                let test = self.naming.name(record, test);
                // Its worker had to be replaced before it had begun.
                if self.open.as_ref().is_some_and(|(open, _)| *open == test) {
                    return Ok(());
                }
                self.close()?;
                self.begin(test)
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
                if matches!(outcome, Outcome::Passed)
                    && *attempts <= 1
                    && teardown_errors.is_empty()
                    && self.is_plain()
                {
                    return self.passed(&test);
                }
                let (tone, word) = verdict(outcome);
                let attempt = match attempts {
                    0 | 1 => String::new(),
                    n => format!(" (attempt {n})"),
                };
                let time = self.times.map_or(0, |_| TIME);
                self.result(&test, tone, &word, attempt.len() + time)?;
                self.out.write_all(attempt.as_bytes())?;
                self.time(*duration)?;
                self.out.write_all(b"\n")?;
                if teardown_errors.is_empty() {
                    return Ok(());
                }
                notice::teardown_error(&mut self.out, self.style, self.width, &test)
            }
            Event::TestSlow { test, elapsed } => {
                self.close()?;
                let test = self.naming.name(record, test);
                notice::slow(&mut self.out, self.width, &test, *elapsed)
            }
            Event::CallStarted { test } if self.setup_show => {
                self.close()?;
                let test = self.naming.name(record, test);
                let test = self.width.name(&test, 17);
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
                notice::retry(&mut self.out, self.width, &test, *attempt)
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

    fn wants(&self) -> Wants {
        let mut wants = self.summary.wants();
        wants.own_fixtures |= self.setup_show;
        wants.starts |= self.serial;
        wants
    }
}

/// How long a time is, ` <0.123s>`; of less than 10 seconds.
const TIME: usize = 9;

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
