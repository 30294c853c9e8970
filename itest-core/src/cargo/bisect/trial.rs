//! [`Trials`]: runs of a test behind others, each in a process and a session of its own.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{BufReader, Write};
use std::process::Command;

use super::target::{Harness, Target};
use crate::cargo::Stop;
use crate::cargo::followed::Followed;
use crate::cargo::plain::output::Output;
use crate::cargo::record::Temporary;
use crate::cargo::words::Words;
use crate::cli::{self, Ignored};
use crate::event::{Event, TestName};
use crate::outcome::Outcome;
use crate::report::{Recorded, describe_outcome};
use crate::run::{ended_how, interrupt};

/// How the test ended that is looked at.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Ended {
    Passed,
    /// With what there is to say about it.
    Failed(String),
    /// It has no result, and why.
    Unknown(String),
}

/// Runs that show what a test depends on.
pub(super) struct Trials<'a> {
    target: &'a Target,
    victim: TestName,
    /// Flags of the user's that are about how a test runs.
    flags: Vec<OsString>,
    ignored: Ignored,
    /// What the runs tell.
    events: Temporary,
    /// What they say besides.
    said: Temporary,
}

/// Flags that hold for the tests whatever is selected. All others select, order, repeat or report,
/// which is done here.
const KEPT: [&str; 8] = [
    "profile",
    "timeout",
    "strict-xfail",
    "require",
    "fail-on-skip",
    "include-ignored",
    "ignored",
    "in-process",
];

/// What variables or the configuration may ask for that is not for a trial.
const VARIABLES: [(&str, &str); 16] = [
    ("ITEST_HISTORY", "0"),
    ("ITEST_RETRIES", "0"),
    ("ITEST_REPEAT", "1"),
    ("ITEST_UNTIL_FAIL", "0"),
    ("ITEST_MAX_FAIL", "0"),
    ("ITEST_FAIL_FAST", "0"),
    ("ITEST_LAST_FAILED", "0"),
    ("ITEST_SHARD", ""),
    ("ITEST_MARKERS", ""),
    ("ITEST_KEYWORDS", ""),
    ("ITEST_EVENTS", ""),
    ("ITEST_JUNIT", ""),
    ("ITEST_HTML", ""),
    ("ITEST_CTRF", ""),
    ("ITEST_TRACE", ""),
    ("GITHUB_STEP_SUMMARY", ""),
];

/// Flags of a user that are about how tests run, whatever runs.
pub(super) fn kept(words: &Words) -> Vec<OsString> {
    cli::kept(&words.tests, |flag| KEPT.contains(&flag))
}

impl<'a> Trials<'a> {
    pub(super) fn new(
        target: &'a Target,
        victim: &TestName,
        words: &Words,
    ) -> std::io::Result<Self> {
        Ok(Trials {
            target,
            victim: victim.clone(),
            flags: kept(words),
            ignored: words.args.ignored,
            events: Temporary::new()?,
            said: Temporary::new()?,
        })
    }

    /// Runs those tests and then the one that is looked at.
    pub(super) fn run(&mut self, before: &[TestName]) -> Result<Ended, Stop> {
        let names = before.iter().chain([&self.victim]).map(|name| &**name);
        let names: Vec<OsString> = names.map(OsString::from).collect();
        let ended = match self.target.harness {
            Harness::Full => self.run_full(names)?,
            Harness::Libtest => self.run_libtest(names)?,
        };
        match interrupt::interrupted() {
            Some(signal) => Err(Stop::Interrupted(signal)),
            None => Ok(ended),
        }
    }

    fn start(&self, arguments: &[OsString]) -> Result<Followed, Stop> {
        let mut command: Command = self.target.binary.command(arguments)?;
        command.envs(VARIABLES).stderr(File::create(&self.said.0)?);
        Followed::start(command).map_err(|error| {
            let program = self.target.binary.record.program.display();
            Stop::Error(format!("`{program}` does not start: {error}"))
        })
    }

    fn run_full(&self, names: Vec<OsString>) -> Result<Ended, Stop> {
        let mut arguments: Vec<OsString> = ["--in-order", "--format=terse", "--color=never"]
            .map(OsString::from)
            .to_vec();
        arguments.push("--events".into());
        arguments.push(self.events.0.clone().into());
        arguments.extend_from_slice(&self.flags);
        arguments.push("--".into());
        arguments.extend(names);
        let mut process = self.start(&arguments)?;
        process.follow(|_| ());
        let status = process.wait()?;
        process.kill_group();
        let recorded = Recorded::read(BufReader::new(File::open(&self.events.0)?));
        let ended = match &recorded {
            Ok(recorded) => self.result(recorded),
            Err(_) => None,
        };
        Ok(ended.unwrap_or_else(|| self.unknown(&format!("the run {}", ended_how(status)))))
    }

    fn result(&self, recorded: &Recorded) -> Option<Ended> {
        let mut records = recorded.records().iter().rev();
        records.find_map(|record| match &record.event {
            Event::TestIgnored { test, reason, .. } if *test == self.victim => {
                Some(Ended::Unknown(format!("it was skipped: {reason}")))
            }
            Event::TestFinished {
                test,
                outcome,
                teardown_errors,
                output,
                ..
            } if *test == self.victim => Some(match outcome {
                Outcome::Skipped { reason } => Ended::Unknown(format!("it was skipped: {reason}")),
                Outcome::Failed { .. } | Outcome::Error { .. } => {
                    Ended::Failed(described(test, outcome, output))
                }
                _ => match teardown_errors.first() {
                    Some(error) => Ended::Failed(described(
                        test,
                        &Outcome::Error {
                            error: error.clone(),
                        },
                        output,
                    )),
                    None => Ended::Passed,
                },
            }),
            _ => None,
        })
    }

    fn run_libtest(&self, names: Vec<OsString>) -> Result<Ended, Stop> {
        let mut arguments: Vec<OsString> = ["--color=never", "--test-threads=1", "--exact"]
            .map(OsString::from)
            .to_vec();
        if self.ignored != Ignored::No {
            arguments.push("--include-ignored".into());
        }
        arguments.push("--".into());
        arguments.extend(names);
        let mut command = self.target.binary.command(&arguments)?;
        command
            .envs(VARIABLES)
            .envs(cli::variables(&self.flags))
            .stderr(File::create(&self.said.0)?);
        let mut process = Followed::start(command)?;
        let mut output = Output::new(&self.target.tests);
        let mut is_known = false;
        process.follow(|line| {
            use crate::cargo::plain::output::Line;
            is_known |= matches!(output.take(line), Line::Result(test, _) if test == self.victim);
        });
        let status = process.wait()?;
        process.kill_group();
        let failures = output.failures();
        let failed = failures.into_iter().find(|(test, _)| *test == self.victim);
        Ok(match failed {
            Some((_, section)) => Ended::Failed(section),
            None if is_known => Ended::Passed,
            None if output.open() == Some(&self.victim) => {
                Ended::Failed(format!("the process {}\n", ended_how(status)))
            }
            None => self.unknown(&format!("the process {}", ended_how(status))),
        })
    }

    /// A test without a result: with what the run said.
    fn unknown(&self, how: &str) -> Ended {
        let said = fs::read(&self.said.0).unwrap_or_default();
        let said = String::from_utf8_lossy(&said);
        let lines: Vec<&str> = said.trim_end().lines().collect();
        let last = &lines[lines.len().saturating_sub(20)..];
        let mut why = format!("{how} before it had a result");
        for line in last {
            why += &format!("\n    {line}");
        }
        Ended::Unknown(why)
    }
}

/// The failure, or what was printed if that has it.
fn described(test: &TestName, outcome: &Outcome, output: &str) -> String {
    let mut text = output.to_owned();
    let described = describe_outcome(test, outcome);
    let essence = described.lines().nth(1).or(described.lines().next());
    if !essence.is_some_and(|essence| output.contains(essence)) {
        text += &described;
    }
    text
}

/// Tells while a run is under way which it is.
pub(super) fn announce(number: usize, before: usize) -> std::io::Result<()> {
    let what = match before {
        0 => "alone".to_owned(),
        1 => "behind 1 test".to_owned(),
        many => format!("behind {many} tests"),
    };
    let mut out = std::io::stdout().lock();
    write!(out, "  run {number}: {what} ... ")?;
    out.flush()
}
