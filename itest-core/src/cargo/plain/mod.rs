//! [`Plain`]: a test binary that we do not schedule, libtest's for the most part.
//!
//! It runs as `cargo test` runs it. From what libtest prints, its tests' results are read, so that
//! they stand in the same report as all others.

pub(super) mod output;
mod times;

use std::collections::HashMap;
use std::ffi::OsString;
use std::io::Write;
use std::process::{Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use self::output::{Line, Output};
use self::times::Times;
use super::binary::Binary;
use super::followed::Followed;
use super::words::Words;
use crate::cli::{Args, Ignored, Shard};
use crate::event::{BinaryId, Event, TestName};
use crate::history::{History, Past, Ran};
use crate::outcome::{Failure, FailureKind, Outcome};
use crate::plan::available_threads;
use crate::run::events::Events;
use crate::run::{Alone, Broken, ended_how, executor, interrupt};

/// A binary that runs by itself.
pub(super) struct Plain {
    binary: Binary,
    /// libtest's, or all that the target is.
    tests: Vec<TestName>,
    /// Those of them that will not run.
    ignored: Vec<TestName>,
    filtered_out: usize,
    /// How it shall run them.
    arguments: Vec<OsString>,
    /// Which, behind those.
    choice: Vec<OsString>,
    /// For drop-in tests: flags that libtest does not know.
    variables: Vec<(&'static str, OsString)>,
    is_libtest: bool,
    /// At a time.
    threads: usize,
    capture: bool,
    /// Times that change now would cut the next shard differently.
    is_sharded: bool,
}

impl Plain {
    /// A binary of libtest; asks it for its tests.
    pub(super) fn libtest(binary: Binary, words: &Words) -> Result<Self, Box<Broken>> {
        let args = &words.args;
        let selected = list(&binary, &selection(args, args.ignored))?;
        let ignored = match args.ignored {
            Ignored::No => list(&binary, &selection(args, Ignored::Only))?,
            Ignored::Include | Ignored::Only => Vec::new(),
        };
        // Without a filter the number of all is that of the selected ones.
        let all = match args.filters.is_empty() && args.skip.is_empty() {
            true => selected.len(),
            false => list(&binary, &[])?.len(),
        };
        let mut arguments: Vec<OsString> = vec!["--color=never".into()];
        if let Some(threads) = args.test_threads {
            arguments.push(format!("--test-threads={threads}").into());
        }
        if !args.capture {
            arguments.push("--nocapture".into());
        }
        arguments.extend(of_ignored(args.ignored));
        let mut variables = crate::cli::variables(&words.tests);
        if let Some(Shard { number, of }) = words.shard {
            // Which tests is chosen here; times are not recorded there.
            variables.push(("ITEST_SHARD", format!("{number}/{of}").into()));
        }
        let mut plain = Plain {
            filtered_out: all - selected.len().min(all),
            tests: selected,
            ignored,
            arguments,
            choice: choice(args),
            variables,
            is_libtest: true,
            threads: args
                .test_threads
                .map_or_else(available_threads, usize::from),
            is_sharded: args.sharded,
            capture: args.capture,
            binary,
        };
        plain.keep_failed(args);
        Ok(plain)
    }

    /// A binary with a harness of its own: one test, of the target's name.
    pub(super) fn other(binary: Binary, args: &Args) -> Self {
        let is_selected = args.selects(&binary.target, None) && args.ignored != Ignored::Only;
        let mut plain = Plain {
            tests: match is_selected {
                true => vec![binary.target.as_str().into()],
                false => Vec::new(),
            },
            ignored: Vec::new(),
            filtered_out: usize::from(!is_selected),
            arguments: Vec::new(),
            choice: Vec::new(),
            variables: Vec::new(),
            is_libtest: false,
            threads: 1,
            is_sharded: args.sharded,
            capture: args.capture,
            binary,
        };
        plain.keep_failed(args);
        plain
    }

    /// Leaves out the tests that are not wanted.
    pub(super) fn keep(&mut self, is_wanted: impl Fn(&TestName) -> bool) {
        let before = self.tests.len();
        self.tests.retain(&is_wanted);
        self.ignored.retain(&is_wanted);
        let left_out = before - self.tests.len();
        self.filtered_out += left_out;
        if left_out > 0 && self.is_libtest {
            let names = self.tests.iter().map(|test| OsString::from(&**test));
            let names: Vec<OsString> = names.collect();
            self.choice = ["--exact", "--"].map(OsString::from).to_vec();
            self.choice.extend(names);
        }
    }

    /// Leaves out what did not fail the last time, if anything did.
    fn keep_failed(&mut self, args: &Args) {
        if args.last_failed {
            let history = self.history();
            if history.any_failure() {
                let id = self.binary.id.clone();
                let has_failed = |past: Option<Past>| past.is_some_and(|past| past.is_failure());
                self.keep(|test| has_failed(history.last(&id, test)));
            }
        }
    }

    pub(super) fn binary(&self) -> &Binary {
        &self.binary
    }

    /// Whether libtest would say so of the test.
    pub(super) fn is_ignored(&self, test: &TestName) -> bool {
        self.ignored.contains(test)
    }

    fn start(&self, join: &dyn Fn(&mut Command)) -> std::io::Result<Followed> {
        let arguments = [&self.arguments[..], &self.choice].concat();
        let mut command = self.binary.command(&arguments)?;
        join(&mut command);
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        Followed::start(command)
    }

    fn run_libtest(&self, events: &Events, process: &mut Followed) -> Run {
        let mut output = Output::new(&self.tests);
        let mut times = Times::new(&self.tests, self.threads);
        let mut took_failed: HashMap<TestName, Duration> = HashMap::new();
        let mut ended: Vec<End> = Vec::new();
        process.follow(|line| {
            let now = Instant::now();
            // Its first words stand before the tests.
            times.start(now);
            match output.take(line) {
                Line::Result(test, outcome) => {
                    let took = times.end(&test, now);
                    ended.push((test.clone(), outcome.clone(), took));
                    tell(
                        events,
                        test,
                        outcome,
                        took.unwrap_or_default(),
                        String::new(),
                    );
                }
                Line::Failed(test) => {
                    if let Some(took) = times.end(&test, now) {
                        took_failed.insert(test, took);
                    }
                }
                Line::Ignored(test, reason) => {
                    times.end(&test, now);
                    events.send(|| Event::TestIgnored {
                        test,
                        reason,
                        skipped: false,
                    });
                }
                Line::Slow(test, elapsed) => events.send(|| Event::TestSlow { test, elapsed }),
                // With `--nocapture`, and what processes print that tests start.
                Line::Other => print(line),
                Line::Known => {}
            }
        });
        let status = process.wait();
        let mut failed = 0;
        for (test, section) in output.failures() {
            failed += 1;
            let failure = output::failure(&section);
            let took = took_failed.remove(&test);
            let outcome = Outcome::Failed { failure };
            ended.push((test.clone(), outcome.clone(), took));
            tell(events, test, outcome, took.unwrap_or_default(), section);
        }
        Run {
            failed,
            left: output.left(),
            status,
            ended,
        }
    }

    fn run_other(&self, events: &Events, process: &mut Followed) -> Run {
        let started = Instant::now();
        let mut output = String::new();
        process.follow(|line| match self.capture {
            true => output.push_str(line),
            false => print(line),
        });
        let status = process.wait();
        let outcome = match &status {
            Ok(status) if status.success() => Outcome::Passed,
            Ok(status) => Outcome::Failed {
                failure: Failure::new(
                    FailureKind::Error,
                    format!("the process {}", ended_how(*status)),
                ),
            },
            Err(error) => Outcome::Failed {
                failure: Failure::new(FailureKind::Crash, error.to_string()),
            },
        };
        let failed = usize::from(outcome.is_failure());
        for test in &self.tests {
            tell(
                events,
                test.clone(),
                outcome.clone(),
                started.elapsed(),
                output.clone(),
            );
        }
        let tests = self.tests.iter().cloned();
        let ended = tests.map(|test| (test, outcome.clone(), Some(started.elapsed())));
        Run {
            failed,
            left: 0,
            status,
            ended: ended.collect(),
        }
    }
}

/// A test, how it ended, and how long it took, where known.
type End = (TestName, Outcome, Option<Duration>);

/// What a run of a binary came to.
struct Run {
    failed: usize,
    /// Tests without a result.
    left: usize,
    status: std::io::Result<ExitStatus>,
    /// Those with a result.
    ended: Vec<End>,
}

impl Alone for Plain {
    fn id(&self) -> &BinaryId {
        &self.binary.id
    }

    fn tests(&self) -> &[TestName] {
        &self.tests
    }

    fn filtered_out(&self) -> usize {
        self.filtered_out
    }

    fn run(&self, events: &Events, join: &dyn Fn(&mut Command)) -> bool {
        if self.tests.is_empty() {
            return true;
        }
        let before = self.history();
        let started = self.start(join);
        let mut process = match started {
            Ok(started) => started,
            Err(error) => {
                let mut failure =
                    Failure::new(FailureKind::Crash, "the test binary does not start");
                failure.causes.push(error.to_string());
                events.send(|| Event::ProcessFailed {
                    failure,
                    output: String::new(),
                });
                return false;
            }
        };
        let run = match self.is_libtest {
            true => self.run_libtest(events, &mut process),
            false => self.run_other(events, &mut process),
        };
        // What tests started and left in its group.
        process.kill_group();
        self.record(&before, &run);
        let ended_well = match &run.status {
            Ok(status) => run.left == 0 && (status.success() || run.failed > 0),
            Err(_) => false,
        };
        if !ended_well && interrupt::interrupted().is_none() {
            events.send(|| self.broken(&run));
        }
        ended_well && run.failed == 0
    }
}

impl Plain {
    fn history(&self) -> History {
        History::load_beside(&self.binary.record.program, [&*self.binary.id])
    }

    /// Puts into the history how tests ended, and how long they took, that do not record that
    /// themselves, as drop-in tests do.
    fn record(&self, before: &History, run: &Run) {
        if interrupt::interrupted().is_some() {
            return;
        }
        let id = &self.binary.id;
        let mut history = self.history();
        let ends =
            |history: &History| -> HashMap<TestName, Vec<Past>> { history.ends(id).collect() };
        let (known, now) = (ends(before), ends(&history));
        for (test, outcome, took) in &run.ended {
            if known.get(test) == now.get(test) {
                let mut ran = Ran::new(outcome, 1, took.unwrap_or_default());
                if self.is_sharded || took.is_none() {
                    ran.forget_time();
                }
                history.record(id, test, ran);
            }
        }
        let is_whole = self.filtered_out == 0 && run.left == 0;
        if is_whole && run.failed == 0 && !self.is_sharded {
            history.complete(id, self.tests.clone());
        }
        // What cannot be written is told by those that record everything.
        history.save();
    }

    fn broken(&self, run: &Run) -> Event {
        let how = match &run.status {
            Ok(status) => format!("it {}", ended_how(*status)),
            Err(error) => error.to_string(),
        };
        let id = &self.binary.id;
        let message = match run.left {
            0 => format!("the process of `{id}` failed after its tests"),
            1 => format!("the process of `{id}` ended before one of its tests had a result"),
            left => format!("the process of `{id}` ended before {left} of its tests had a result"),
        };
        let mut failure = Failure::new(FailureKind::Crash, message);
        failure.causes.push(how);
        Event::ProcessFailed {
            failure,
            output: String::new(),
        }
    }
}

fn tell(events: &Events, test: TestName, outcome: Outcome, took: Duration, output: String) {
    let started = test.clone();
    events.send(|| Event::TestStarted { test: started });
    events.send(|| executor::finished(test, outcome, took, output));
}

fn print(line: &str) {
    // If nobody reads it, the report finds out.
    let _ = std::io::stdout().write_all(line.as_bytes());
}

/// The words for libtest that choose tests, as they were given. Flags cannot follow.
fn selection(args: &Args, ignored: Ignored) -> Vec<OsString> {
    of_ignored(ignored)
        .into_iter()
        .chain(choice(args))
        .collect()
}

fn of_ignored(ignored: Ignored) -> Option<OsString> {
    match ignored {
        Ignored::No => None,
        Ignored::Include => Some("--include-ignored".into()),
        Ignored::Only => Some("--ignored".into()),
    }
}

fn choice(args: &Args) -> Vec<OsString> {
    let mut words: Vec<OsString> = Vec::new();
    for skip in &args.skip {
        words.push(format!("--skip={skip}").into());
    }
    if args.exact {
        words.push("--exact".into());
    }
    // Behind `--`, since one may begin with a dash.
    words.push("--".into());
    words.extend(args.filters.iter().map(OsString::from));
    words
}

/// Asks libtest for the names of the tests that those words choose.
fn list(binary: &Binary, words: &[OsString]) -> Result<Vec<TestName>, Box<Broken>> {
    let mut arguments: Vec<OsString> = vec!["--list".into(), "--format=terse".into()];
    arguments.extend_from_slice(words);
    let broken = |why: String, output: &[u8]| {
        let message = format!("the tests of `{}` cannot be listed", binary.id);
        let mut failure = Failure::new(FailureKind::Crash, message);
        failure.causes.push(why);
        Box::new(Broken {
            id: binary.id.clone(),
            failure,
            output: String::from_utf8_lossy(output).into_owned(),
        })
    };
    let asked = binary.command(&arguments);
    let output = asked.and_then(|mut command: Command| command.stdin(Stdio::null()).output());
    let output = output.map_err(|error| broken(error.to_string(), b""))?;
    if !output.status.success() {
        return Err(broken(
            format!("it {}", ended_how(output.status)),
            &output.stderr,
        ));
    }
    let text = String::from_utf8_lossy(&output.stdout);
    let tests = text.lines().filter_map(|line| line.strip_suffix(": test"));
    Ok(tests.map(TestName::from).collect())
}
