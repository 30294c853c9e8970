//! A run with one of everything, and what is made of it.

use std::fs;
use std::path::PathBuf;

use super::*;
use crate::event::Attachment;
use crate::json;
use crate::report::{Recorded, Reports};

/// A directory that goes with the test.
pub(super) struct Scratch(pub(super) PathBuf);

impl Scratch {
    pub(super) fn new(name: &str) -> Self {
        let name = format!("itest-report-{name}-{}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::create_dir_all(&path).unwrap();
        Scratch(path)
    }

    pub(super) fn reports(&self, which: &str) -> Reports {
        let path = |kind: &str| Some(self.0.join(which).join(kind));
        Reports {
            events: path("events.jsonl"),
            junit: path("junit.xml"),
            html: path("report.html"),
            ctrf: path("ctrf.json"),
            trace: path("trace.json"),
        }
    }

    pub(super) fn read(&self, path: &str) -> String {
        fs::read_to_string(self.0.join(path)).unwrap()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A run with one of everything, two workers and a session host.
pub(super) fn records() -> Vec<Record> {
    let of = |millis, worker, event| Record {
        at: Duration::from_millis(millis),
        binary: "shop::api".into(),
        worker,
        event,
    };
    let planned = |test: &str, line, markers: &[&'static str]| Event::TestPlanned {
        test: test.into(),
        file: "tests/api.rs".into(),
        line,
        markers: markers.iter().map(|marker| (*marker).into()).collect(),
    };
    let set_up = |fixture: FixtureName, millis, error: Option<FixtureError>| Event::SetupFinished {
        fixture,
        error,
        skipped: None,
        duration: Duration::from_millis(millis),
        output: "set up </script>\n".into(),
    };
    let torn_down = |fixture: FixtureName, error: Option<FixtureError>| Event::TeardownFinished {
        fixture,
        error,
        duration: Duration::from_millis(10),
        output: String::new(),
    };
    let server = || FixtureName {
        test: Some("m::passes".into()),
        ..fixture("server", Scope::Session, "")
    };
    let user = || fixture("user", Scope::Test, "m::passes");
    let boom = panic("tests/api.rs:31:9", "boom <1>");
    let flaky = Failure::new(FailureKind::Timeout, "too slow");
    let attachment = Attachment {
        name: "notes.txt".into(),
        media_type: "text/plain".into(),
        size: 3,
        content: Some(b"a<b".as_slice().into()),
    };
    let end = |test: &str, outcome, attempts, teardown_errors| Event::TestFinished {
        test: test.into(),
        outcome,
        attempts,
        teardown_errors,
        duration: Duration::from_millis(50),
        output: "hello\n\x1b[31mred\x1b[0m <b>\n".into(),
    };
    let start = Event::RunStarted(Box::new(RunInfo {
        tests: 6,
        filtered_out: 2,
        binaries: vec!["shop::api".into()],
        started: std::time::UNIX_EPOCH + Duration::from_secs(1_764_100_042),
        ..RunInfo::default()
    }));
    vec![
        of(0, None, start),
        of(1, None, planned("m::passes", 10, &["external"])),
        of(
            1,
            None,
            planned("m::fails", 30, &["external", "load(level = 3)"]),
        ),
        of(1, None, planned("m::flaky", 40, &[])),
        of(1, None, planned("m::skips", 50, &[])),
        of(1, None, planned("m::broken", 60, &[])),
        of(1, None, planned("m::never", 70, &[])),
        of(200, None, set_up(server(), 150, None)),
        of(
            210,
            Some(0),
            Event::TestStarted {
                test: "m::passes".into(),
            },
        ),
        of(220, Some(0), set_up(user(), 5, None)),
        of(
            230,
            Some(0),
            Event::Attached {
                test: "m::passes".into(),
                fixture: None,
                attachment,
            },
        ),
        of(255, Some(0), torn_down(user(), None)),
        of(
            260,
            Some(0),
            end(
                "m::passes",
                Outcome::Passed,
                1,
                vec![error("user", refused())],
            ),
        ),
        of(
            210,
            Some(1),
            Event::TestStarted {
                test: "m::fails".into(),
            },
        ),
        of(
            260,
            Some(1),
            end("m::fails", Outcome::Failed { failure: boom }, 1, vec![]),
        ),
        of(
            280,
            Some(1),
            Event::AttemptFailed {
                test: "m::flaky".into(),
                attempt: 1,
                outcome: Outcome::Failed { failure: flaky },
            },
        ),
        of(320, Some(1), end("m::flaky", Outcome::Passed, 2, vec![])),
        of(
            320,
            None,
            Event::TestIgnored {
                test: "m::skips".into(),
                reason: "`KEY` is not set".into(),
                skipped: true,
            },
        ),
        of(
            400,
            Some(0),
            end(
                "m::broken",
                Outcome::Error {
                    error: error("db", refused()),
                },
                1,
                vec![],
            ),
        ),
        of(
            450,
            None,
            torn_down(server(), Some(error("server", refused()))),
        ),
        of(
            451,
            None,
            Event::ProcessFailed {
                failure: Failure::new(FailureKind::Crash, "a worker died"),
                output: "last words\n".into(),
            },
        ),
        of(
            460,
            None,
            Event::RunFinished {
                duration: Duration::from_millis(460),
                interrupted: true,
            },
        ),
    ]
}

pub(super) fn lines(records: &[Record]) -> String {
    let line = |record: &Record| json::write(record) + "\n";
    records.iter().map(line).collect()
}

pub(super) fn recorded(text: &str) -> Recorded {
    Recorded::read(text.as_bytes()).unwrap()
}

/// Sends the records to the reports as a run does.
pub(super) fn write(reports: &Reports, records: &[Record]) {
    let mut args = args("");
    args.reports = reports.clone();
    let mut reporter = super::super::reporter(&args, false, Box::new(io::sink())).unwrap();
    for record in records {
        reporter.record(record).unwrap();
    }
    reporter.flush().unwrap();
}
