//! Reports of several binaries.

use super::*;
use crate::json;

/// A test of the same name in each of two binaries, and a session fixture that both use.
fn records() -> Vec<Record> {
    let of = |binary: &str, event: Event| Record {
        at: Duration::from_millis(250),
        binary: binary.into(),
        worker: Some(1),
        event,
    };
    let start = Event::RunStarted(Box::new(RunInfo {
        tests: 3,
        binaries: vec!["shop::api".into(), "shop::db".into()],
        ..RunInfo::default()
    }));
    let mut records = vec![of("", start)];
    let boom = Failure::new(FailureKind::Error, "boom");
    records.push(of(
        "shop::api",
        Event::AttemptFailed {
            test: "m::t".into(),
            attempt: 1,
            outcome: Outcome::Failed {
                failure: boom.clone(),
            },
        },
    ));
    records.push(of("shop::db", finished("m::t", Outcome::Passed, "")));
    let failed = Outcome::Failed { failure: boom };
    records.push(of("shop::api", finished("m::t", failed, "")));
    records.extend(
        ignored("m::i", "why")
            .into_iter()
            .map(|event| of("shop::db", event)),
    );
    records.extend(
        torn_down(
            fixture("db", Scope::Session, ""),
            Some(error("db", refused())),
        )
        .into_iter()
        .map(|event| of("", event)),
    );
    records.push(of(
        "",
        Event::RunFinished {
            duration: Duration::from_millis(1234),
            interrupted: false,
        },
    ));
    records
}

#[test]
fn names_carry_their_binary() {
    check_records(
        "",
        &records(),
        "
running 3 tests
attempt 1 of shop::api m::t failed, trying again
test shop::db m::t ... ok
test shop::api m::t ... FAILED
test shop::db m::i ... ignored, why
ERROR at teardown of session fixture db

failures:

---- shop::api m::t stdout ----
Error: boom


errors:

error: session fixture `db` failed in teardown
  --> tests/common.rs:14
   = note: caused by: no connection to PostgreSQL
   = note: caused by: connection refused (127.0.0.1:5432)


failures:
    shop::api m::t

1 teardown error

test result: FAILED. 1 passed; 1 failed; 1 ignored; 0 measured; 0 filtered out; finished in 1.23s

",
    );
    let json = r#"{ "type": "test", "name": "shop::api$m::t", "event": "failed", "stdout": "Error: boom\n" }"#;
    let report = report_records("--format=json", &records());
    assert!(report.contains(json), "{report}");
}

/// The failed attempt belongs to the one binary, not to the other.
#[test]
fn junit_has_a_suite_for_each() {
    check_records(
        "--format=junit",
        &records(),
        r#"<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="itest-run" tests="4" failures="1" errors="1" time="1.234">
    <testsuite name="shop::api" tests="2" failures="1" errors="1" skipped="0" timestamp="1970-01-01T00:00:00.000Z" time="0.620">
        <testcase name="m::t" classname="shop::api" time="0.600">
            <failure message="boom" type="test failure">Error: boom</failure>
            <rerunFailure message="boom" type="test failure">Error: boom</rerunFailure>
        </testcase>
        <testcase name="session (teardown of db)" classname="shop::api" time="0.020">
            <error message="session fixture `db` failed in teardown" type="fixture error">error: session fixture `db` failed in teardown
  --&gt; tests/common.rs:14
   = note: caused by: no connection to PostgreSQL
   = note: caused by: connection refused (127.0.0.1:5432)</error>
        </testcase>
    </testsuite>
    <testsuite name="shop::db" tests="2" failures="0" errors="0" skipped="1" timestamp="1970-01-01T00:00:00.000Z" time="0.600">
        <testcase name="m::t" classname="shop::db" time="0.600"/>
        <testcase name="m::i" classname="shop::db" time="0.000">
            <skipped message="why"/>
        </testcase>
    </testsuite>
</testsuites>
"#,
    );
}

#[test]
fn records_are_lines_of_json() {
    for record in records() {
        let line = json::write(&record);
        assert_eq!(
            json::read::<Record>(line.as_bytes()).unwrap(),
            record,
            "{line}"
        );
    }
    let line = json::write(&records()[2]);
    assert_eq!(
        line,
        r#"{"at":0.25,"binary":"shop::db","worker":1,"event":"test-finished","test":"m::t","outcome":"passed","attempts":1,"duration":0.6}"#
    );
}
