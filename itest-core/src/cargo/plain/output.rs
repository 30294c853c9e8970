//! [`Output`]: results of tests in what libtest prints.

use std::collections::HashMap;
use std::time::Duration;

use crate::event::TestName;
use crate::outcome::{Failure, FailureKind, Outcome};

/// What libtest has printed so far, understood.
#[derive(Debug)]
pub(in crate::cargo) struct Output {
    /// Without a result yet.
    waiting: HashMap<TestName, ()>,
    /// Those that failed, each with what it printed, in libtest's order.
    failed: Vec<(TestName, String)>,
    /// The one whose output is being printed.
    section: Option<usize>,
    /// The tests are over; sections follow.
    is_over: bool,
    /// A name that stands in its line without a result: `--test-threads=1 --nocapture`.
    open: Option<TestName>,
}

/// What a line is.
#[derive(Debug, PartialEq)]
pub(in crate::cargo) enum Line {
    /// A test that did not fail.
    Result(TestName, Outcome),
    /// A test that failed; see [`Output::failures`].
    Failed(TestName),
    Ignored(TestName, String),
    /// It has been running for this long.
    Slow(TestName, Duration),
    /// libtest's, and nothing new.
    Known,
    /// Not libtest's.
    Other,
}

impl Output {
    pub(in crate::cargo) fn new(tests: &[TestName]) -> Self {
        Output {
            waiting: tests.iter().map(|test| (test.clone(), ())).collect(),
            failed: Vec::new(),
            section: None,
            is_over: false,
            open: None,
        }
    }

    /// Takes the next line, its end included.
    pub(in crate::cargo) fn take(&mut self, line: &str) -> Line {
        let text = line.trim_end_matches(['\n', '\r']);
        if self.is_over {
            return self.take_section(line, text);
        }
        if text == "failures:" && !self.failed.is_empty() {
            self.is_over = true;
            return Line::Known;
        }
        if is_frame(text) {
            return Line::Known;
        }
        if let Some(rest) = text.strip_prefix("test ") {
            if let Some((name, rest)) = rest.split_once(" ... ")
                && let Some(test) = self.known(name)
            {
                return self.result(test, rest);
            }
            if let Some((name, rest)) = rest.split_once(" has been running for over ")
                && let Some(test) = self.known(name)
            {
                let seconds = rest.split(' ').next().and_then(|text| text.parse().ok());
                return Line::Slow(test, Duration::from_secs(seconds.unwrap_or(60)));
            }
        }
        // The result that belongs to an open name, behind what the test printed.
        if let Some(test) = self.open.take() {
            let words = ["ok", "FAILED", "ignored"];
            if words.contains(&text) {
                return self.result(test, text);
            }
            self.open = Some(test);
        }
        Line::Other
    }

    fn known(&self, name: &str) -> Option<TestName> {
        let name = name.strip_suffix(" - should panic").unwrap_or(name);
        let (test, ()) = self.waiting.get_key_value(name)?;
        Some(test.clone())
    }

    fn result(&mut self, test: TestName, text: &str) -> Line {
        // A time may follow: `ok <0.001s>`.
        let word = text.split([' ', ',']).next().unwrap_or_default();
        match word {
            "ok" => {
                self.waiting.remove(&test);
                Line::Result(test, Outcome::Passed)
            }
            "FAILED" => {
                self.waiting.remove(&test);
                self.failed.push((test.clone(), String::new()));
                Line::Failed(test)
            }
            "ignored" => {
                self.waiting.remove(&test);
                let reason = text.split_once(", ").map_or("", |(_, reason)| reason);
                Line::Ignored(test, reason.to_owned())
            }
            _ => {
                self.open = Some(test);
                Line::Known
            }
        }
    }

    fn take_section(&mut self, line: &str, text: &str) -> Line {
        if let Some(name) = text
            .strip_prefix("---- ")
            .and_then(|rest| rest.strip_suffix(" stdout ----"))
        {
            let name = name.strip_suffix(" - should panic").unwrap_or(name);
            if let Some(index) = self.failed.iter().position(|(test, _)| **test == *name) {
                self.section = Some(index);
                return Line::Known;
            }
        }
        if text == "failures:" {
            // The list of names, which are known.
            self.section = None;
        } else if let Some(index) = self.section {
            self.failed[index].1.push_str(line);
        }
        Line::Known
    }

    /// The tests that failed, with what they printed.
    pub(in crate::cargo) fn failures(&mut self) -> Vec<(TestName, String)> {
        let mut failed = std::mem::take(&mut self.failed);
        for (_, section) in &mut failed {
            let end = section.trim_end().len();
            section.truncate(end);
            if !section.is_empty() {
                section.push('\n');
            }
        }
        failed
    }

    /// The test that ran when there was nothing more, with one test thread.
    pub(in crate::cargo) fn open(&self) -> Option<&TestName> {
        self.open.as_ref()
    }

    /// Tests without a result.
    pub(super) fn left(&self) -> usize {
        self.waiting.len()
    }
}

/// The lines around the results.
fn is_frame(text: &str) -> bool {
    let is_running = text.strip_prefix("running ").is_some_and(|rest| {
        let number = rest.strip_suffix(" tests").or(rest.strip_suffix(" test"));
        number.is_some_and(|number| number.bytes().all(|byte| byte.is_ascii_digit()))
    });
    is_running || text.is_empty() || text.starts_with("test result: ")
}

/// How a test failed, from what was printed.
pub(super) fn failure(section: &str) -> Failure {
    let mut lines = section.lines().skip_while(|line| !is_panic(line));
    if let Some(line) = lines.next() {
        let location = line
            .rsplit_once("panicked at ")
            .map(|(_, rest)| rest.trim_end_matches(':'));
        let message: Vec<&str> = lines.take_while(|line| !is_note(line)).collect();
        let mut failure = Failure::new(FailureKind::Panic, message.join("\n").trim_end());
        failure.location = location.map(str::to_owned);
        return failure;
    }
    let text = section
        .lines()
        .find_map(|line| line.strip_prefix("Error: "));
    match text {
        Some(error) => Failure::new(FailureKind::Error, error),
        None => {
            let note = section.lines().find_map(|line| line.strip_prefix("note: "));
            Failure::new(FailureKind::Expectation, note.unwrap_or("the test failed"))
        }
    }
}

fn is_panic(line: &str) -> bool {
    line.starts_with("thread '") && line.contains("' ") && line.contains("panicked at ")
}

fn is_note(line: &str) -> bool {
    line.starts_with("note: run with `RUST_BACKTRACE") || line == "stack backtrace:"
}
