//! [`Json`]: libtest's events, one object per line, for editors and converters.
//!
//! The schema is libtest's, to the order of the fields; nothing is added to it, since readers
//! are strict. So fixture errors are failures of the tests that they befell, expected failures
//! are `ok`, and a teardown that failed is a test of its own, `t1 (teardown of db)`.

use std::fmt::{Display, Write as _};
use std::io::{self, Write};

use super::failure;
use super::naming::Naming;
use super::tally::Tally;
use super::{Out, Reporter, Wants};
use crate::cli::Args;
use crate::event::{Event, Record, TestId};
use crate::json::ToJson;
use crate::outcome::{FailureKind, Outcome};
use crate::scope::Scope;

/// See the [module](self).
pub(super) struct Json {
    out: Out,
    tally: Tally,
    naming: Naming,
    /// Tests whose end has not come yet.
    running: Vec<TestId>,
    times: bool,
    show_output: bool,
}

impl Json {
    pub(super) fn new(args: &Args, out: Out) -> Self {
        Json {
            out,
            tally: Tally::default(),
            naming: Naming::default(),
            running: Vec::new(),
            times: args.report_time.is_some(),
            show_output: args.show_output,
        }
    }

    fn started(&mut self, name: &str) -> io::Result<()> {
        Object::new("test")
            .text("event", "started")
            .text("name", name)
            .write(&mut self.out)
    }

    fn teardown_failed(&mut self, name: &str, text: &str) -> io::Result<()> {
        self.started(name)?;
        Object::new("test")
            .text("name", name)
            .text("event", "failed")
            .text("stdout", text)
            .write(&mut self.out)
    }
}

impl Reporter for Json {
    fn record(&mut self, record: &Record) -> io::Result<()> {
        self.tally.record(record);
        match &record.event {
            Event::RunStarted(run) => {
                self.naming = Naming::of(run);
                Object::new("suite")
                    .text("event", "started")
                    .number("test_count", run.tests)
                    .maybe(run.shuffle_seed, |line, seed| {
                        line.number("shuffle_seed", seed)
                    })
                    .write(&mut self.out)
            }
            Event::TestIgnored { test, reason, .. } => {
                let test = &self.naming.dollar(record, test);
                self.started(test)?;
                Object::new("test")
                    .text("name", test)
                    .text("event", "ignored")
                    .maybe(not_empty(reason), |line, reason| {
                        line.text("message", reason)
                    })
                    .write(&mut self.out)
            }
            Event::TestStarted { test } => {
                self.running.push(record.id(test));
                self.started(&self.naming.dollar(record, test))
            }
            Event::TestFinished {
                test,
                outcome,
                teardown_errors,
                duration,
                output,
                ..
            } => {
                let name = &self.naming.dollar(record, test);
                // Readers want a start for every end, also where nothing was run.
                let id = record.id(test);
                match self.running.iter().position(|running| *running == id) {
                    Some(index) => drop(self.running.swap_remove(index)),
                    None => self.started(name)?,
                }
                let end = End::new(test, outcome, output, self.show_output);
                let times = self.times.then_some(duration.as_secs_f64());
                Object::new("test")
                    .text("name", name)
                    .text("event", end.event)
                    .maybe(times, |line, time| line.number("exec_time", time))
                    .maybe(not_empty(&end.stdout), |line, text| {
                        line.text("stdout", text)
                    })
                    .maybe(end.reason, |line, text| line.text("reason", text))
                    .maybe(not_empty(&end.message), |line, text| {
                        line.text("message", text)
                    })
                    .write(&mut self.out)?;
                for error in teardown_errors {
                    let headline = failure::teardown_headline(&error.fixture, test);
                    let node = failure::teardown_node(&error.fixture, test);
                    self.teardown_failed(
                        &self.naming.dollar(record, &node.into()),
                        &failure::fixture_error(&headline, error),
                    )?;
                }
                Ok(())
            }
            Event::TeardownFinished {
                fixture,
                error: Some(error),
                ..
            } if fixture.scope > Scope::Test => {
                let node = failure::teardown_node(&fixture.path, failure::lifetime(fixture));
                self.teardown_failed(
                    &self.naming.dollar(record, &node.into()),
                    &failure::fixture_error(&failure::wide_teardown_headline(fixture), error),
                )
            }
            Event::ProcessFailed { failure, .. } => {
                let (headline, error) = failure::process_error(failure);
                self.teardown_failed(
                    "session (process)",
                    &failure::fixture_error(&headline, &error),
                )
            }
            Event::TestSlow { test, .. } => Object::new("test")
                .text("event", "timeout")
                .text("name", &self.naming.dollar(record, test))
                .write(&mut self.out),
            Event::RunFinished { duration, .. } => Object::new("suite")
                .text(
                    "event",
                    if self.tally.is_success() {
                        "ok"
                    } else {
                        "failed"
                    },
                )
                .number("passed", self.tally.as_passed())
                .number(
                    "failed",
                    self.tally.as_failed() + self.tally.errors_beside_tests(),
                )
                .number("ignored", self.tally.as_ignored())
                .number("measured", 0)
                .number("filtered_out", self.tally.filtered_out)
                .number("exec_time", duration.as_secs_f64())
                .write(&mut self.out),
            _ => Ok(()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }

    fn wants(&self) -> Wants {
        Wants {
            starts: true,
            ..Wants::NOTHING
        }
    }
}

/// How a test ended, in the words of the schema.
struct End {
    event: &'static str,
    stdout: String,
    reason: Option<&'static str>,
    message: String,
}

impl End {
    fn new(test: &str, outcome: &Outcome, output: &str, show_output: bool) -> Self {
        let mut end = End {
            event: "ok",
            stdout: String::new(),
            reason: None,
            message: String::new(),
        };
        match outcome {
            Outcome::Passed | Outcome::Xfailed { .. } | Outcome::Xpassed { .. } => {
                if show_output {
                    end.stdout = output.to_owned();
                }
            }
            Outcome::Failed { failure } => {
                end.event = "failed";
                if failure.kind == FailureKind::Expectation {
                    end.stdout = output.to_owned();
                    end.message = failure.to_string();
                } else {
                    end.stdout = failure::transcript(test, output, failure);
                }
                if failure.kind == FailureKind::Timeout {
                    end.reason = Some("time limit exceeded");
                }
            }
            Outcome::Error { error } => {
                end.event = "failed";
                end.stdout = output.to_owned();
                failure::end_line(&mut end.stdout);
                end.stdout += &failure::fixture_error(&failure::setup_headline(error), error);
            }
            Outcome::Skipped { reason } => {
                end.event = "ignored";
                end.stdout = output.to_owned();
                end.message = reason.clone();
            }
        }
        end
    }
}

fn not_empty(text: &str) -> Option<&str> {
    Some(text).filter(|text| !text.is_empty())
}

/// A line of JSON, spaced as libtest's.
pub(super) struct Object {
    line: String,
}

impl Object {
    pub(super) fn new(kind: &str) -> Self {
        Object {
            line: "{".to_owned(),
        }
        .text("type", kind)
    }

    pub(super) fn text(self, key: &str, value: &str) -> Self {
        let mut object = self.key(key);
        value.to_json(&mut object.line);
        object
    }

    pub(super) fn number(self, key: &str, value: impl Display) -> Self {
        let mut object = self.key(key);
        write!(object.line, "{value}").expect("writing to memory");
        object
    }

    pub(super) fn flag(self, key: &str, value: bool) -> Self {
        self.number(key, value)
    }

    /// Adds what is there.
    pub(super) fn maybe<T>(self, value: Option<T>, add: impl FnOnce(Self, T) -> Self) -> Self {
        match value {
            Some(value) => add(self, value),
            None => self,
        }
    }

    fn key(mut self, key: &str) -> Self {
        if self.line.len() > 1 {
            self.line.push(',');
        }
        write!(self.line, " \"{key}\": ").expect("writing to memory");
        self
    }

    pub(super) fn write(mut self, out: &mut dyn Write) -> io::Result<()> {
        self.line.push_str(" }\n");
        out.write_all(self.line.as_bytes())
    }
}
