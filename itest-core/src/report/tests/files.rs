//! Reports that go to files, and what is made of recorded events.

use std::fs;

use serde_json::Value;

use super::recorded::*;
use super::*;
use crate::report::{Recorded, ReplayError, Reports, replay};

#[test]
fn every_report_can_be_made_again() {
    let scratch = Scratch::new("again");
    write(&scratch.reports("run"), &records());
    let events = scratch.read("run/events.jsonl");
    assert_eq!(events, lines(&records()));

    let success = replay(&recorded(&events), &scratch.reports("replay"), None, false).unwrap();
    assert!(!success);
    for file in [
        "events.jsonl",
        "junit.xml",
        "report.html",
        "ctrf.json",
        "trace.json",
    ] {
        let (run, replay) = (format!("run/{file}"), format!("replay/{file}"));
        assert!(
            scratch.read(&run) == scratch.read(&replay),
            "{file} differs"
        );
    }
    // Nothing half-written is left beside them.
    assert_eq!(fs::read_dir(scratch.0.join("run")).unwrap().count(), 5);
}

#[test]
fn what_a_crash_leaves_is_read() {
    let text = lines(&records());
    let up_to_crash: String = text
        .lines()
        .take(11)
        .map(|line| format!("{line}\n"))
        .collect();
    let cut_off = format!("{up_to_crash}{{\"at\":0.2,\"bin");
    for text in [&up_to_crash, &cut_off] {
        let scratch = Scratch::new("crash");
        let reports = Reports {
            ctrf: Some(scratch.0.join("ctrf.json")),
            ..Reports::default()
        };
        assert!(!replay(&recorded(text), &reports, None, false).unwrap());
        let ctrf: Value = serde_json::from_str(&scratch.read("ctrf.json")).unwrap();
        assert_eq!(ctrf["results"]["summary"]["pending"], 6);
        assert_eq!(ctrf["results"]["extra"]["interrupted"], true);
    }
}

#[test]
fn events_of_later_versions_are_left_out() {
    let text = lines(&records());
    let (first, rest) = text.split_once('\n').unwrap();
    let later = r#"{"at":0.1,"event":"test-paused","test":"m::t"}"#;
    let more = first.replacen('{', r#"{"more":[1],"#, 1);
    assert_eq!(
        recorded(&format!("{more}\n{later}\n\n{rest}")),
        recorded(&text)
    );
}

#[test]
fn what_are_no_events_is_told() {
    let first = lines(&records()[..1]);
    for (text, told) in [
        (String::new(), "the events do not begin with `run-started`"),
        ("{}\n".to_owned(), "line 1 is no event: it has no `event`"),
        (
            format!("{first}{{\"at\"\n"),
            "line 2 is no event: EOF while parsing",
        ),
        (
            format!("{first}{{\"at\":1,\"event\":\"test-started\"}}\n"),
            "line 2 is no event: missing field `test`",
        ),
        (
            lines(&records()[1..]),
            "the events do not begin with `run-started`",
        ),
        (
            first.replace("\"schema\":1", "\"schema\":2"),
            "the events have schema 2, this version of itest knows 1",
        ),
    ] {
        let error = Recorded::read(text.as_bytes()).unwrap_err();
        assert!(error.to_string().contains(told), "{error} for {text}");
    }
    assert!(matches!(
        Recorded::read(&b"\xff\n"[..]),
        Err(ReplayError::Line(1, _))
    ));
}

/// Two shards at the same time, whose workers have the same numbers.
#[test]
fn runs_are_put_together() {
    let mut second = records();
    for record in &mut second {
        record.binary = "shop::db".into();
        if let Event::RunStarted(run) = &mut record.event {
            run.binaries = vec!["shop::db".into()];
            run.started += Duration::from_secs(1);
        }
    }
    let mut both = recorded(&lines(&records()));
    both.add(recorded(&lines(&second)));
    let scratch = Scratch::new("both");
    let reports = scratch.reports("");
    assert!(!replay(&both, &reports, None, false).unwrap());
    let ctrf: Value = serde_json::from_str(&scratch.read("ctrf.json")).unwrap();
    let summary = &ctrf["results"]["summary"];
    assert_eq!(summary["suites"], 2);
    assert_eq!(summary["duration"], 1460);
    assert_eq!(summary["pending"], 2);
    let tests = ctrf["results"]["tests"].as_array().unwrap();
    let workers: Vec<&Value> = tests
        .iter()
        .filter(|test| test["name"] == "m::passes")
        .map(|test| &test["threadId"])
        .collect();
    assert_eq!(workers, ["0", "2"]);
    let events = scratch.read("events.jsonl");
    assert_eq!(events.matches("\"run-started\"").count(), 1);
    assert_eq!(events.matches("\"run-finished\"").count(), 1);
}

/// As nextest runs tests: each in a process, which knows of no other.
#[test]
fn many_processes_are_one_run() {
    let of = |at, slot, event| Record {
        at: Duration::from_millis(at),
        binary: "shop::api".into(),
        worker: Some(slot),
        event,
    };
    let start = Event::RunStarted(Box::new(RunInfo {
        tests: 1,
        filtered_out: 7,
        shared: true,
        binaries: vec!["shop::api".into()],
        ..RunInfo::default()
    }));
    let planned = |test: &str| Event::TestPlanned {
        test: test.into(),
        file: "".into(),
        line: 1,
        markers: vec![],
    };
    let boom = Failure::new(FailureKind::Error, "boom");
    let records = [
        of(0, 0, start),
        of(1, 0, planned("a")),
        of(2, 1, planned("b")),
        of(3, 0, finished("a", Outcome::Failed { failure: boom }, "")),
        of(4, 0, planned("a")),
        of(5, 1, finished("b", Outcome::Passed, "")),
        of(6, 0, finished("a", Outcome::Passed, "")),
    ];
    let written = Written::default();
    let console = Box::new(written.clone());
    let events = recorded(&lines(&records));
    assert!(replay(&events, &Reports::default(), Some(console), false).unwrap());
    let bytes = written.0.lock().unwrap();
    let text = String::from_utf8_lossy(&bytes);
    assert!(text.contains("running 2 tests"), "{text}");
    assert!(text.contains("test a ... ok (attempt 2)"), "{text}");
    assert!(
        text.contains("2 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out"),
        "{text}"
    );
}

#[test]
fn an_unwritable_file_is_no_matter_of_the_tests() {
    let scratch = Scratch::new("unwritable");
    let file = scratch.0.join("file");
    fs::write(&file, "mine").unwrap();
    // Below a file there can be no file, and a directory is none.
    let mut reports = scratch.reports("good");
    reports.html = Some(file.join("report.html"));
    reports.events = Some(file.join("events.jsonl"));
    reports.trace = Some(scratch.0.clone());
    write(&reports, &records());
    assert_eq!(scratch.read("file"), "mine");
    assert!(scratch.read("good/junit.xml").contains("<testsuites"));
    assert!(scratch.read("good/ctrf.json").contains("CTRF"));
}

/// What is no plain file is written to, not replaced.
#[cfg(unix)]
#[test]
fn a_link_and_a_device_stay_what_they_are() {
    let scratch = Scratch::new("link");
    let (target, link) = (scratch.0.join("target.xml"), scratch.0.join("link.xml"));
    fs::write(&target, "old").unwrap();
    std::os::unix::fs::symlink(&target, &link).unwrap();
    let reports = Reports {
        junit: Some(link.clone()),
        ctrf: Some("/dev/null".into()),
        ..Reports::default()
    };
    write(&reports, &records());
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert!(fs::read_to_string(&target).unwrap().starts_with("<?xml"));
    assert!(!fs::metadata("/dev/null").unwrap().is_file());
}

/// Every sort of event is as the schema says, and the schema knows every sort.
#[cfg(feature = "contract")]
#[test]
fn events_are_as_the_schema_says() {
    use crate::json;

    let text = include_str!("../../../docs/events.schema.json");
    let schema: Value = serde_json::from_str(text).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let mut records = records();
    let test = || "m::t".into();
    let reason = || "why".to_owned();
    let more = [
        Event::CallStarted { test: test() },
        Event::TestSlow {
            test: test(),
            elapsed: Duration::from_secs(60),
        },
        Event::TestLeaked {
            test: test(),
            leaks: crate::event::LeakKind::ALL
                .map(|kind| crate::event::Leak {
                    kind,
                    what: reason(),
                })
                .to_vec(),
        },
        Event::SetupStarted {
            fixture: fixture("user", Scope::Group, "m"),
        },
        Event::TeardownStarted {
            fixture: fixture("user", Scope::Worker, ""),
        },
        finished("m::t", Outcome::Skipped { reason: reason() }, ""),
        finished("m::t", Outcome::Xfailed { reason: reason() }, ""),
        finished("m::t", Outcome::Xpassed { reason: reason() }, ""),
        Event::RunStarted(Box::new(RunInfo {
            shuffle_seed: Some(7),
            run_id: "run-1-2".into(),
            profile: Some("ci".into()),
            shared: true,
            ..RunInfo::default()
        })),
    ];
    records.extend(more.iter().map(record));
    let mut seen = std::collections::BTreeSet::new();
    for record in &records {
        let value = json::parse(json::write(record).as_bytes()).unwrap();
        seen.insert(value["event"].as_str().unwrap().to_owned());
        if let Err(error) = validator.validate(&value) {
            panic!("{error}: {value}");
        }
    }
    let mut known: Vec<&str> = crate::report::replay::EVENTS.to_vec();
    known.sort_unstable();
    assert!(seen.iter().eq(&known), "{seen:?}");
    let wrong = serde_json::json!({ "at": 0.1, "event": "test-started" });
    assert!(!validator.is_valid(&wrong));
}
