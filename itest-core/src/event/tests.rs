//! The form of events as JSON, which others read too.

use super::*;
use crate::json;
use crate::outcome::FailureKind;

fn failure() -> Failure {
    Failure {
        kind: FailureKind::Panic,
        message: "left: \"a\"\nright: \u{1}".to_owned(),
        causes: vec!["refused".to_owned()],
        location: Some("a.rs:1:2".to_owned()),
        backtrace: Some("0: main".to_owned()),
    }
}

fn fixture_error() -> FixtureError {
    FixtureError {
        fixture: "common::db".to_owned(),
        location: "a.rs:1".to_owned(),
        chain: vec!["app".to_owned(), "db".to_owned()],
        remembered: false,
        failures: vec![failure(), Failure::new(FailureKind::Misuse, "no")],
    }
}

fn fixture() -> FixtureName {
    FixtureName {
        path: "common::db".to_owned(),
        location: "a.rs:1".to_owned(),
        scope: Scope::Module,
        instance: "api".to_owned(),
        test: Some("m::t".into()),
    }
}

fn wide() -> FixtureName {
    FixtureName {
        scope: Scope::Session,
        instance: String::new(),
        test: None,
        ..fixture()
    }
}

fn finished(outcome: Outcome) -> Event {
    Event::TestFinished {
        test: "m::t".into(),
        outcome,
        attempts: 2,
        teardown_errors: vec![fixture_error()],
        duration: Duration::from_millis(600),
        output: "said\n".to_owned(),
    }
}

fn records() -> Vec<Record> {
    let test = || TestName::from("m::t");
    let reason = || "why".to_owned();
    let duration = Duration::from_micros(1500);
    let events = [
        Event::RunStarted(Box::default()),
        Event::RunStarted(Box::new(RunInfo {
            tests: 3,
            filtered_out: 1,
            shuffle_seed: Some(u64::MAX),
            started: SystemTime::UNIX_EPOCH + Duration::from_millis(1_764_100_042_123),
            version: "0.1.0".into(),
            run_id: "run-1-2".into(),
            profile: Some("ci".to_owned()),
            binaries: vec!["shop::api".into(), "shop".into()],
            shared: true,
            ..RunInfo::default()
        })),
        Event::TestPlanned {
            test: test(),
            file: "tests/a.rs".into(),
            line: 7,
            markers: vec!["external".into(), "load(level = 3)".into()],
        },
        Event::TestPlanned {
            test: test(),
            file: "tests/a.rs".into(),
            line: 7,
            markers: Vec::new(),
        },
        Event::TestIgnored {
            test: test(),
            reason: String::new(),
            skipped: true,
        },
        Event::TestStarted { test: test() },
        Event::SetupStarted { fixture: fixture() },
        Event::SetupFinished {
            fixture: wide(),
            error: None,
            skipped: None,
            duration,
            output: String::new(),
        },
        Event::SetupFinished {
            fixture: fixture(),
            error: Some(fixture_error()),
            skipped: Some(reason()),
            duration,
            output: "said\n".to_owned(),
        },
        Event::Attached {
            test: test(),
            fixture: Some("common::db".to_owned()),
            attachment: Attachment::new("a.json".to_owned(), b"{}"),
        },
        Event::Attached {
            test: test(),
            fixture: None,
            attachment: Attachment {
                content: None,
                ..Attachment::new("a.bin".to_owned(), b"\xff")
            },
        },
        Event::CallStarted { test: test() },
        Event::TeardownStarted { fixture: wide() },
        Event::TeardownFinished {
            fixture: wide(),
            error: None,
            duration,
            output: String::new(),
        },
        Event::TeardownFinished {
            fixture: fixture(),
            error: Some(fixture_error()),
            duration,
            output: "said\n".to_owned(),
        },
        Event::ProcessFailed {
            failure: failure(),
            output: "said\n".to_owned(),
        },
        Event::AttemptFailed {
            test: test(),
            attempt: 1,
            outcome: Outcome::Failed { failure: failure() },
        },
        Event::TestLeaked {
            test: test(),
            leaks: LeakKind::ALL
                .map(|kind| Leak {
                    kind,
                    what: reason(),
                })
                .to_vec(),
        },
        Event::TestFinished {
            test: test(),
            outcome: Outcome::Passed,
            attempts: 1,
            teardown_errors: Vec::new(),
            duration,
            output: String::new(),
        },
        finished(Outcome::Failed { failure: failure() }),
        finished(Outcome::Error {
            error: fixture_error(),
        }),
        finished(Outcome::Skipped { reason: reason() }),
        finished(Outcome::Xfailed { reason: reason() }),
        finished(Outcome::Xpassed { reason: reason() }),
        Event::TestSlow {
            test: test(),
            elapsed: Duration::from_secs(60),
        },
        Event::RunFinished {
            duration,
            interrupted: false,
        },
    ];
    let mut records = Vec::new();
    for (number, event) in events.into_iter().enumerate() {
        records.push(Record {
            at: Duration::from_millis(number as u64 * 125),
            binary: if number == 0 { "" } else { "shop::api" }.into(),
            worker: (number % 2 == 1).then_some(number as u32),
            event,
        });
    }
    records
}

#[test]
fn every_record_has_its_form_and_is_read_from_it() {
    let forms: Vec<&str> = include_str!("tests.jsonl").lines().collect();
    assert_eq!(forms.len(), records().len());
    for (record, form) in records().iter().zip(forms) {
        assert_eq!(json::write(record), form);
        assert_eq!(&json::read::<Record>(form.as_bytes()).unwrap(), record);
    }
}

#[test]
fn what_is_no_record_says_why() {
    for (text, problem) in [
        ("[]", "expected an object, found an array"),
        (
            r#"{"event":"call-started","test":"t"}"#,
            "missing field `at`",
        ),
        (r#"{"at":1,"event":"call-started"}"#, "missing field `test`"),
        (r#"{"at":1,"event":"later"}"#, "unknown event `later`"),
        (
            r#"{"at":1,"event":"attempt-failed","test":"t","attempt":1,"outcome":"later"}"#,
            "unknown outcome `later`",
        ),
        (
            r#"{"at":-1,"event":"call-started","test":"t"}"#,
            "`at`: cannot convert float seconds to Duration: value is negative",
        ),
    ] {
        let error = json::read::<Record>(text.as_bytes()).unwrap_err();
        assert_eq!(error.to_string(), problem, "{text}");
    }
}
