//! [`Junit`]: one XML document at the end, for CI; the shape is nextest's.
//!
//! Test and fixture errors are told apart (`<failure>`, `<error>`), ignored and skipped tests are
//! there with their reason, and a teardown that failed is a test case of its own. Nothing is there
//! that the schema of Jenkins does not know, so an attempt of a test has no time of its own.

use std::fmt::{self, Display, Write as _};
use std::io::{self, Write};
use std::time::{Duration, SystemTime};

use super::attempts::Attempts;
use super::failure;
use super::tally::Tally;
use super::time::Timestamp;
use super::{Out, Reporter, Wants};
use crate::event::{BinaryId, Event, Leak, Record, TestId};
use crate::outcome::{FailureKind, FixtureError, Outcome};
use crate::scope::Scope;

/// See the [module](self).
pub(super) struct Junit {
    out: Out,
    show_output: bool,
    /// One for each binary, in the order of the run.
    suites: Vec<Suite>,
    /// Failures of tests that are tried again.
    attempts: Attempts,
    /// What tests under way left behind.
    leaks: Vec<(TestId, Vec<Leak>)>,
}

/// What is known of a binary.
struct Suite {
    binary: BinaryId,
    tally: Tally,
    started: SystemTime,
    /// Of all test cases together.
    time: Duration,
    /// The test cases so far.
    cases: String,
}

/// How many test cases there are of each sort.
#[derive(Default)]
struct Counts {
    tests: usize,
    failures: usize,
    errors: usize,
    skipped: usize,
}

impl Junit {
    pub(super) fn new(show_output: bool, out: Out) -> Self {
        Junit {
            out,
            show_output,
            suites: Vec::new(),
            attempts: Attempts::default(),
            leaks: Vec::new(),
        }
    }

    /// That of the record's binary; what concerns several goes to the first.
    fn suite(&mut self, record: &Record) -> &mut Suite {
        let of = |suite: &Suite| suite.binary == record.binary;
        let index = match self.suites.iter().position(of) {
            Some(index) => index,
            None if record.binary.is_empty() && !self.suites.is_empty() => 0,
            None => {
                let started = SystemTime::UNIX_EPOCH;
                let started = self.suites.first().map_or(started, |suite| suite.started);
                self.suites.push(Suite::new(&record.binary, started));
                self.suites.len() - 1
            }
        };
        &mut self.suites[index]
    }

    fn document(&self, duration: Duration) -> String {
        let mut all = Counts::default();
        let mut suites = String::new();
        for suite in &self.suites {
            let counts = suite.counts();
            // Writing to a string cannot fail.
            let _ = writeln!(
                suites,
                "    <testsuite name=\"{}\" {counts} skipped=\"{}\" timestamp=\"{}\" time=\"{:.3}\">\n{}    \
                 </testsuite>",
                Attribute(&suite.binary),
                counts.skipped,
                Timestamp(suite.started),
                suite.time.as_secs_f64(),
                suite.cases,
            );
            all.add(&counts);
        }
        let time = duration.as_secs_f64();
        format!(
            r#"<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="itest-run" {all} time="{time:.3}">
{suites}</testsuites>
"#
        )
    }
}

impl Suite {
    fn new(binary: &BinaryId, started: SystemTime) -> Self {
        Suite {
            binary: binary.clone(),
            tally: Tally::default(),
            started,
            time: Duration::ZERO,
            cases: String::new(),
        }
    }

    fn counts(&self) -> Counts {
        let tally = &self.tally;
        let errors = tally.errors + tally.errors_beside_tests();
        let skipped = tally.as_ignored();
        Counts {
            tests: tally.as_passed() + tally.failed + errors + skipped,
            failures: tally.failed,
            errors,
            skipped,
        }
    }

    fn case(&mut self, name: &str, duration: Duration, content: &str) {
        self.time += duration;
        let close = if content.is_empty() { "/" } else { "" };
        // Writing to a string cannot fail.
        let _ = writeln!(
            self.cases,
            "        <testcase name=\"{}\" classname=\"{}\" time=\"{:.3}\"{close}>",
            Attribute(name),
            Attribute(&self.binary),
            duration.as_secs_f64(),
        );
        if !content.is_empty() {
            self.cases += content;
            self.cases += "        </testcase>\n";
        }
    }
}

impl Counts {
    fn add(&mut self, other: &Counts) {
        self.tests += other.tests;
        self.failures += other.failures;
        self.errors += other.errors;
    }
}

/// As attributes; those skipped only a suite may have.
impl Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            r#"tests="{}" failures="{}" errors="{}""#,
            self.tests, self.failures, self.errors
        )
    }
}

impl Reporter for Junit {
    fn record(&mut self, record: &Record) -> io::Result<()> {
        match &record.event {
            Event::RunStarted(run) => {
                let suite = |binary| Suite::new(binary, run.started);
                self.suites = run.binaries.iter().map(suite).collect();
                return Ok(());
            }
            Event::RunFinished { duration, .. } => {
                let document = self.document(*duration);
                return self.out.write_all(document.as_bytes());
            }
            _ => (),
        }
        let show_output = self.show_output;
        let attempts = match &record.event {
            Event::AttemptFailed { test, outcome, .. } => {
                self.attempts.failed(record.id(test), outcome);
                return Ok(());
            }
            // Of one that has ended, there is no place any more.
            Event::TestLeaked { test, leaks } => {
                self.leaks.push((record.id(test), leaks.clone()));
                return Ok(());
            }
            Event::TestFinished { test, .. } if !self.attempts.is_empty() => {
                self.attempts.take(&record.id(test))
            }
            _ => Vec::new(),
        };
        let leaks = match &record.event {
            Event::TestFinished { test, .. } if !self.leaks.is_empty() => {
                let id = record.id(test);
                let index = self.leaks.iter().position(|(of, _)| *of == id);
                index.map_or_else(Vec::new, |index| self.leaks.swap_remove(index).1)
            }
            _ => Vec::new(),
        };
        let suite = self.suite(record);
        suite.tally.record(record);
        match &record.event {
            Event::TestIgnored { test, reason, .. } => {
                suite.case(test, Duration::ZERO, &skipped(reason));
            }
            Event::TestFinished {
                test,
                outcome,
                teardown_errors,
                duration,
                output,
                ..
            } => {
                let output = match outcome {
                    Outcome::Failed { .. } | Outcome::Error { .. } => output,
                    _ if show_output => output,
                    _ => "",
                };
                let mut content = result(test, &attempts, outcome);
                if !output.is_empty() {
                    let _ = writeln!(
                        content,
                        "            <system-out>{}</system-out>",
                        Text(output)
                    );
                }
                if !leaks.is_empty() {
                    let lines: Vec<&str> = leaks.iter().map(|leak| &*leak.what).collect();
                    let text = format!("left behind:\n{}", lines.join("\n"));
                    let _ = writeln!(
                        content,
                        "            <system-err>{}</system-err>",
                        Text(&text)
                    );
                }
                suite.case(test, *duration, &content);
                for error in teardown_errors {
                    let name = failure::teardown_node(&error.fixture, test);
                    let headline = failure::teardown_headline(&error.fixture, test);
                    suite.case(&name, Duration::ZERO, &teardown_error(&headline, error));
                }
            }
            Event::TeardownFinished {
                fixture,
                error: Some(error),
                duration,
                ..
            } if fixture.scope > Scope::Test => {
                let name = failure::teardown_node(&fixture.path, failure::lifetime(fixture));
                let headline = failure::wide_teardown_headline(fixture);
                suite.case(&name, *duration, &teardown_error(&headline, error));
            }
            Event::ProcessFailed { failure, .. } => {
                let (headline, error) = failure::process_error(failure);
                let error = teardown_error(&headline, &error);
                suite.case("session (process)", Duration::ZERO, &error);
            }
            _ => (),
        }
        Ok(())
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

/// What stands in a test case for its outcome, and for earlier attempts.
fn result(test: &str, attempts: &[Outcome], outcome: &Outcome) -> String {
    match outcome {
        Outcome::Passed | Outcome::Xfailed { .. } | Outcome::Xpassed { .. } => attempts
            .iter()
            .filter_map(|attempt| problem(test, attempt, ["flakyFailure", "flakyError"]))
            .collect(),
        Outcome::Failed { .. } | Outcome::Error { .. } => {
            // The first attempt is the test, the others repeat it.
            let names = [["failure", "error"], ["rerunFailure", "rerunError"]];
            attempts
                .iter()
                .chain([outcome])
                .enumerate()
                .filter_map(|(i, attempt)| problem(test, attempt, names[i.min(1)]))
                .collect()
        }
        Outcome::Skipped { reason } => skipped(reason),
    }
}

/// An element for a failure, or for an error.
fn problem(test: &str, outcome: &Outcome, names: [&str; 2]) -> Option<String> {
    let text = failure::describe_outcome(test, outcome);
    match outcome {
        Outcome::Failed { failure } => {
            let kind = match failure.kind {
                FailureKind::Timeout => "test timeout",
                _ => "test failure",
            };
            Some(element(names[0], kind, &failure.message, &text))
        }
        Outcome::Error { error } => {
            let headline = failure::setup_headline(error);
            Some(element(names[1], "fixture error", &headline, &text))
        }
        _ => None,
    }
}

fn teardown_error(headline: &str, error: &FixtureError) -> String {
    let text = failure::fixture_error(headline, error);
    element("error", "fixture error", headline, &text)
}

fn element(name: &str, kind: &str, message: &str, text: &str) -> String {
    format!(
        "            <{name} message=\"{}\" type=\"{kind}\">{}</{name}>\n",
        Attribute(message),
        Text(text.trim_end()),
    )
}

fn skipped(reason: &str) -> String {
    match reason {
        "" => "            <skipped/>\n".to_owned(),
        reason => format!("            <skipped message=\"{}\"/>\n", Attribute(reason)),
    }
}

/// Text between tags.
struct Text<'a>(&'a str);

/// Text between double quotes.
struct Attribute<'a>(&'a str);

impl Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        escape(f, self.0, false)
    }
}

impl Display for Attribute<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        escape(f, self.0, true)
    }
}

/// Leaves out what terminals would not show and XML cannot hold.
fn escape(f: &mut fmt::Formatter<'_>, text: &str, attribute: bool) -> fmt::Result {
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '&' => f.write_str("&amp;")?,
            '<' => f.write_str("&lt;")?,
            '>' => f.write_str("&gt;")?,
            '"' if attribute => f.write_str("&quot;")?,
            // A reader would make spaces of these, and a line's end of the last.
            '\n' | '\t' if attribute => write!(f, "&#{};", c as u32)?,
            '\r' => f.write_str("&#13;")?,
            '\n' | '\t' => f.write_char(c)?,
            '\x1b' => skip_sequence(&mut chars),
            '\0'..' ' | '\u{fffe}' | '\u{ffff}' => (),
            _ => f.write_char(c)?,
        }
    }
    Ok(())
}

/// Skips the rest of a terminal's control sequence, a colour for instance.
fn skip_sequence(chars: &mut std::str::Chars<'_>) {
    let rest = chars.as_str();
    let end = match rest.as_bytes().first() {
        // Parameters, then a letter. Anything else means that this is not a sequence.
        Some(b'[') => {
            let parameters = rest[1..]
                .bytes()
                .take_while(|byte| (0x20..0x40).contains(byte));
            let last = 1 + parameters.count();
            rest.as_bytes()
                .get(last)
                .filter(|byte| (0x40..0x7f).contains(*byte))
                .map(|_| last + 1)
        }
        // A title or a link, up to the bell or an escaped backslash.
        Some(b']') => {
            let line = rest.lines().next().unwrap_or_default();
            let bell = line.find('\x07').map(|at| at + 1);
            let backslash = line.find("\x1b\\").map(|at| at + 2);
            bell.into_iter().chain(backslash).min()
        }
        _ => None,
    };
    if let Some(end) = end {
        *chars = rest[end..].chars();
    }
}
