//! Streams of events and the reports that they give, exactly.

mod console;
mod data;
mod files;
mod fixtures;
mod pages;
mod recorded;
mod several;
mod tools;

use std::io::{self, Write};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::{Listed, Tally};
use crate::cli::{self, Args, Parsed};
use crate::event::{Event, FixtureName, Record, RunInfo};
use crate::outcome::{Failure, FailureKind, FixtureError, Outcome};
use crate::scope::Scope;

/// Reports the events with the given flags.
#[track_caller]
fn check(flags: &str, events: &[Event], expected: &str) {
    let records: Vec<Record> = events.iter().map(record).collect();
    check_records(flags, &records, expected);
}

#[track_caller]
fn check_records(flags: &str, records: &[Record], expected: &str) {
    let actual = report_records(flags, records);
    assert!(
        actual == expected,
        "{flags}\n--- expected\n{expected}\n--- actual\n{actual}\n---"
    );
}

fn report(flags: &str, events: &[Event]) -> String {
    let records: Vec<Record> = events.iter().map(record).collect();
    report_records(flags, &records)
}

fn report_records(flags: &str, records: &[Record]) -> String {
    let written = Written::default();
    let out = Box::new(written.clone());
    let mut reporter = super::reporter(&args(flags), false, out).unwrap();
    for record in records {
        reporter.record(record).unwrap();
    }
    reporter.flush().unwrap();
    let bytes = written.0.lock().unwrap();
    String::from_utf8(bytes.clone()).unwrap()
}

/// The event in the binary that all tests here are of.
fn record(event: &Event) -> Record {
    Record {
        at: Duration::ZERO,
        binary: "shop::api".into(),
        worker: None,
        event: event.clone(),
    }
}

fn args(flags: &str) -> Args {
    let words = ["tests"].into_iter().chain(flags.split_whitespace());
    match cli::parse(words.map(Into::into), &|_| None) {
        Ok(Parsed::Run(args)) => *args,
        other => panic!("{flags}: {other:?}"),
    }
}

/// What was written, for all who ask.
#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl Write for Written {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A run of these events, of this many tests.
fn run(tests: usize, events: impl IntoIterator<Item = Vec<Event>>) -> Vec<Event> {
    let mut all = vec![Event::RunStarted(Box::new(RunInfo {
        tests,
        filtered_out: 2,
        binaries: vec!["shop::api".into()],
        ..RunInfo::default()
    }))];
    all.extend(events.into_iter().flatten());
    all.push(Event::RunFinished {
        duration: Duration::from_millis(1234),
        interrupted: false,
    });
    all
}

fn ignored(test: &str, reason: &str) -> Vec<Event> {
    vec![Event::TestIgnored {
        test: test.into(),
        reason: reason.into(),
        skipped: false,
    }]
}

fn skipped(test: &str, reason: &str) -> Vec<Event> {
    vec![Event::TestIgnored {
        test: test.into(),
        reason: reason.into(),
        skipped: true,
    }]
}

/// A test that starts and ends so.
fn test(test: &str, outcome: Outcome, output: &str) -> Vec<Event> {
    let started = Event::TestStarted { test: test.into() };
    vec![started, finished(test, outcome, output)]
}

fn finished(test: &str, outcome: Outcome, output: &str) -> Event {
    Event::TestFinished {
        test: test.into(),
        outcome,
        attempts: 1,
        teardown_errors: vec![],
        duration: Duration::from_millis(600),
        output: output.into(),
    }
}

fn passed(name: &str) -> Vec<Event> {
    test(name, Outcome::Passed, "")
}

fn failed(name: &str, kind: FailureKind, message: &str, output: &str) -> Vec<Event> {
    let failure = Failure::new(kind, message);
    test(name, Outcome::Failed { failure }, output)
}

fn panic(location: &str, message: &str) -> Failure {
    Failure {
        location: Some(location.into()),
        ..Failure::new(FailureKind::Panic, message)
    }
}

/// An error of a fixture at `tests/common.rs:14`.
fn error(fixture: &str, failures: Vec<Failure>) -> FixtureError {
    FixtureError {
        fixture: fixture.into(),
        location: "tests/common.rs:14".into(),
        chain: vec![],
        remembered: false,
        failures,
    }
}

fn refused() -> Vec<Failure> {
    vec![Failure {
        causes: vec!["connection refused (127.0.0.1:5432)".into()],
        ..Failure::new(FailureKind::Error, "no connection to PostgreSQL")
    }]
}

fn fixture(path: &str, scope: Scope, instance: &str) -> FixtureName {
    FixtureName {
        path: path.into(),
        location: "tests/common.rs:14".into(),
        scope,
        instance: instance.into(),
        test: None,
    }
}

fn set_up(fixture: FixtureName) -> Vec<Event> {
    vec![
        Event::SetupStarted {
            fixture: fixture.clone(),
        },
        Event::SetupFinished {
            fixture,
            error: None,
            skipped: None,
            duration: Duration::ZERO,
            output: String::new(),
        },
    ]
}

fn torn_down(fixture: FixtureName, error: Option<FixtureError>) -> Vec<Event> {
    vec![
        Event::TeardownStarted {
            fixture: fixture.clone(),
        },
        Event::TeardownFinished {
            fixture,
            error,
            duration: Duration::from_millis(20),
            output: String::new(),
        },
    ]
}

#[test]
fn tallies_decide() {
    let check = |events: Vec<Vec<Event>>, [passed, failed, ignored]: [usize; 3], success| {
        let mut tally = Tally::default();
        for event in &run(events.len(), events) {
            tally.record(&record(event));
        }
        let libtest = [tally.as_passed(), tally.as_failed(), tally.as_ignored()];
        assert_eq!(libtest, [passed, failed, ignored], "{tally:?}");
        assert_eq!(tally.is_success(), success, "{tally:?}");
        assert_eq!(tally.missing(), tally.selected - passed - failed - ignored);
    };
    let reason = || "why".to_owned();
    let ended = |outcome| test("t", outcome, "");
    let failure = Failure::new(FailureKind::Panic, "");

    check(vec![], [0, 0, 0], true);
    check(vec![passed("t")], [1, 0, 0], true);
    check(vec![ended(Outcome::Failed { failure })], [0, 1, 0], false);
    check(
        vec![ended(Outcome::Error {
            error: error("db", refused()),
        })],
        [0, 1, 0],
        false,
    );
    check(
        vec![ended(Outcome::Skipped { reason: reason() })],
        [0, 0, 1],
        true,
    );
    check(
        vec![ended(Outcome::Xfailed { reason: reason() })],
        [1, 0, 0],
        true,
    );
    check(
        vec![ended(Outcome::Xpassed { reason: reason() })],
        [1, 0, 0],
        true,
    );
    check(vec![ignored("t", ""), skipped("s", "x")], [0, 0, 2], true);
    check(vec![vec![]], [0, 0, 0], true);

    // A failed teardown of a wide fixture counts by itself, one of a narrow one with its test.
    let teardown = |scope| torn_down(fixture("db", scope, ""), Some(error("db", refused())));
    check(vec![teardown(Scope::Session)], [0, 0, 0], false);
    check(vec![teardown(Scope::Group)], [0, 0, 0], false);
    check(vec![teardown(Scope::Test)], [0, 0, 0], true);
}

#[test]
fn an_interrupted_run_is_no_success() {
    let mut tally = Tally::default();
    tally.record(&record(&Event::RunFinished {
        duration: Duration::ZERO,
        interrupted: true,
    }));
    assert!(!tally.is_success());
}

#[test]
fn a_closed_stdout_is_an_error() {
    struct Closed;
    impl Write for Closed {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::BrokenPipe.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    let log = std::env::temp_dir().join(format!("itest-closed-{}.log", std::process::id()));
    for format in ["pretty", "terse", "json", "junit"] {
        let mut args = args(&format!("--format={format}"));
        args.logfile = Some(log.clone());
        let mut reporter = super::reporter(&args, false, Box::new(Closed)).unwrap();
        // More than any buffer holds, or less.
        let events = run(5000, (0..5000).map(|i| passed(&format!("test_{i}"))));
        let mut result = Ok(());
        for event in &events {
            result = result.and(reporter.record(&record(event)));
        }
        let error = result.and(reporter.flush()).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::BrokenPipe, "{format}");
        drop(reporter);
        // The other report is whole.
        let logged = std::fs::read_to_string(&log).unwrap();
        assert_eq!(logged.lines().count(), 5000, "{format}");
    }
    std::fs::remove_file(log).unwrap();

    let tests = [Listed {
        name: "t",
        function: "t",
        ignored: false,
        reason: "",
        location: crate::def::Location {
            file: "",
            line: 1,
            column: 1,
        },
    }];
    let error = super::list(&args("--list"), &tests, &mut Closed).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::BrokenPipe);
}
