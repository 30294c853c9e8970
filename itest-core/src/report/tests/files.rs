//! Reports that go to files, and what is made of recorded events.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use serde_json::Value;

use super::*;
use crate::event::Attachment;
use crate::json;
use crate::report::{Recorded, ReplayError, Reporter, Reports, replay};

/// A directory that goes with the test.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Self {
        let name = format!("itest-report-{name}-{}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::create_dir_all(&path).unwrap();
        Scratch(path)
    }

    fn reports(&self, which: &str) -> Reports {
        let path = |kind: &str| Some(self.0.join(which).join(kind));
        Reports {
            events: path("events.jsonl"),
            junit: path("junit.xml"),
            html: path("report.html"),
            ctrf: path("ctrf.json"),
            trace: path("trace.json"),
        }
    }

    fn read(&self, path: &str) -> String {
        fs::read_to_string(self.0.join(path)).unwrap()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A run with one of everything, two workers and a session host.
fn records() -> Vec<Record> {
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

fn lines(records: &[Record]) -> String {
    let line = |record: &Record| json::write(record) + "\n";
    records.iter().map(line).collect()
}

fn recorded(text: &str) -> Recorded {
    Recorded::read(text.as_bytes()).unwrap()
}

/// Sends the records to the reports as a run does.
fn write(reports: &Reports, records: &[Record]) {
    let mut args = args("");
    args.reports = reports.clone();
    let mut reporter = super::super::reporter(&args, false, Box::new(io::sink())).unwrap();
    for record in records {
        reporter.record(record).unwrap();
    }
    reporter.flush().unwrap();
}

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

/// The page has the run, and nothing of it is markup.
#[test]
fn the_page_is_whole() {
    let scratch = Scratch::new("html");
    write(&scratch.reports(""), &records());
    let page = scratch.read("report.html");
    let (_, data) = page
        .split_once(r#"<script type="application/json" id="data">"#)
        .unwrap();
    let (data, _) = data.split_once("</script>").unwrap();
    assert!(!data.contains('<'));
    let data: Value = serde_json::from_str(data).unwrap();
    let results: BTreeMap<&str, &str> = data["tests"]
        .as_array()
        .unwrap()
        .iter()
        .map(|test| {
            (
                test["name"].as_str().unwrap(),
                test["result"].as_str().unwrap(),
            )
        })
        .collect();
    let expected = [
        ("m::broken", "error"),
        ("m::fails", "failed"),
        ("m::flaky", "flaky"),
        ("m::never", "not run"),
        ("m::passes", "passed"),
        ("m::skips", "skipped"),
    ];
    assert_eq!(results, BTreeMap::from(expected));
    let passes = &data["tests"][0];
    assert_eq!(passes["start"], 0.21);
    assert_eq!(passes["attachments"][0]["content"], "YTxi");
    assert_eq!(passes["teardown_errors"][0]["fixture"], "user");
    let server = &data["fixtures"][0];
    assert_eq!(server["setup"]["output"], "set up </script>\n");
    assert_eq!(server["teardown"]["error"]["fixture"], "server");
    for outside in ["http:", "https:", " src=", "@import", "url("] {
        let places = page.matches(outside).count();
        assert_eq!(places, 0, "the page has {outside}");
    }
}

#[test]
fn the_trace_nests() {
    let scratch = Scratch::new("trace");
    write(&scratch.reports(""), &records());
    let trace: Value = serde_json::from_str(&scratch.read("trace.json")).unwrap();
    let events = trace["traceEvents"].as_array().unwrap();
    let mut tracks: BTreeMap<u64, Vec<(f64, f64)>> = BTreeMap::new();
    let mut open: Vec<(&Value, &Value)> = Vec::new();
    for event in events {
        let track = event["tid"].as_u64().unwrap();
        assert_eq!(event["pid"], 1);
        let start = event["ts"].as_f64();
        match event["ph"].as_str().unwrap() {
            "M" => assert!(event["args"].is_object()),
            "X" => {
                let (start, duration) = (start.unwrap(), event["dur"].as_f64().unwrap());
                tracks
                    .entry(track)
                    .or_default()
                    .push((start, start + duration));
            }
            "b" => open.push((&event["id"], &event["cat"])),
            "e" => assert_eq!(open.pop(), Some((&event["id"], &event["cat"]))),
            other => panic!("{other}"),
        }
    }
    assert!(open.is_empty());
    assert_eq!(tracks.keys().copied().collect::<Vec<_>>(), [1, 2]);
    for slices in tracks.values_mut() {
        slices.sort_by(|a, b| a.0.total_cmp(&b.0).then(b.1.total_cmp(&a.1)));
        let mut around: Vec<f64> = Vec::new();
        for (start, end) in slices {
            around.retain(|outer| *outer > *start);
            assert!(
                around.last().is_none_or(|outer| *end <= *outer),
                "a slice sticks out"
            );
            around.push(*end);
        }
    }
}

/// Attributes and children that the schema of Jenkins' xUnit plugin (junit-10) allows.
#[test]
fn junit_is_what_jenkins_accepts() {
    let allowed: BTreeMap<&str, (&[&str], &[&str])> = BTreeMap::from([
        (
            "testsuites",
            (
                &["name", "time", "tests", "failures", "errors"][..],
                &["testsuite"][..],
            ),
        ),
        (
            "testsuite",
            (
                &[
                    "name",
                    "tests",
                    "failures",
                    "errors",
                    "time",
                    "skipped",
                    "timestamp",
                ],
                &["testcase"],
            ),
        ),
        (
            "testcase",
            (
                &["name", "time", "classname"],
                &[
                    "skipped",
                    "error",
                    "failure",
                    "rerunFailure",
                    "rerunError",
                    "flakyFailure",
                    "flakyError",
                    "system-out",
                ],
            ),
        ),
        ("skipped", (&["message"], &[])),
        ("error", (&["type", "message"], &[])),
        ("failure", (&["type", "message"], &[])),
        ("flakyFailure", (&["type", "message"], &[])),
        ("system-out", (&[], &[])),
    ]);
    let scratch = Scratch::new("junit");
    write(&scratch.reports(""), &records());
    let document = scratch.read("junit.xml");
    let mut path: Vec<String> = Vec::new();
    let mut seen = 0;
    for tag in document.split('<').skip(2) {
        let (tag, _text) = tag.split_once('>').unwrap();
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(path.pop().as_deref(), Some(name), "{document}");
            continue;
        }
        let (tag, closed) = match tag.strip_suffix('/') {
            Some(tag) => (tag, true),
            None => (tag, false),
        };
        let (name, mut rest) = tag.split_once(' ').unwrap_or((tag, ""));
        let attributes = allowed.get(name).unwrap_or_else(|| panic!("<{name}>")).0;
        while let Some((attribute, value)) = rest.trim_start().split_once("=\"") {
            assert!(attributes.contains(&attribute), "{attribute} of <{name}>");
            rest = value.split_once('"').unwrap().1;
        }
        if let Some(parent) = path.last() {
            assert!(
                allowed[&**parent].1.contains(&name),
                "<{name}> in <{parent}>"
            );
        }
        seen += 1;
        if !closed {
            path.push(name.to_owned());
        }
    }
    assert!(path.is_empty() && seen > 12, "{document}");
}

#[test]
fn ctrf_counts_what_it_lists() {
    let scratch = Scratch::new("ctrf");
    write(&scratch.reports(""), &records());
    let ctrf: Value = serde_json::from_str(&scratch.read("ctrf.json")).unwrap();
    assert_eq!(ctrf["reportFormat"], "CTRF");
    let results = &ctrf["results"];
    let tests = results["tests"].as_array().unwrap();
    let summary = &results["summary"];
    let mut sum = 0;
    for status in ["passed", "failed", "skipped", "pending", "other"] {
        let count = tests.iter().filter(|test| test["status"] == status).count();
        assert_eq!(summary[status], count, "{status}");
        sum += count;
    }
    assert_eq!(summary["tests"], sum);
    assert_eq!(summary["start"], 1_764_100_042_000_u64);
    assert_eq!(summary["stop"], 1_764_100_042_460_u64);
    assert_eq!(summary["flaky"], 1);
    // Four tests that ended, one skipped, one never run, and three errors without a test.
    assert_eq!(sum, 9);
    let fails = tests
        .iter()
        .find(|test| test["name"] == "m::fails")
        .unwrap();
    assert_eq!(fails["suite"], serde_json::json!(["shop::api", "m"]));
    assert_eq!(fails["message"], "boom <1>");
    assert_eq!(fails["line"], 30);
    assert_eq!(fails["tags"][1], "load(level = 3)");
}

/// Long outputs keep their beginning and their end.
#[test]
fn the_page_has_room_for_everybody() {
    let long = "ü".repeat(1 << 20);
    let scratch = Scratch::new("room");
    let reports = Reports {
        html: Some(scratch.0.join("report.html")),
        ..Reports::default()
    };
    let events = run(
        60,
        (0..60).map(|i| test(&format!("t{i}"), Outcome::Passed, &long)),
    );
    let records: Vec<Record> = events.iter().map(record).collect();
    write(&reports, &records);
    let page = scratch.read("report.html");
    assert!(page.len() < 20 << 20, "{}", page.len());
    assert_eq!(page.matches("bytes are left out").count(), 60);
}

/// What GitHub would make a command of is none in a message.
#[test]
fn github_sees_what_failed() {
    let scratch = Scratch::new("github");
    let summary = scratch.0.join("summary.md");
    let mut records = records();
    for record in &mut records {
        if let Event::TestFinished {
            outcome: Outcome::Failed { failure },
            ..
        } = &mut record.event
        {
            failure.message = "100% wrong\n::error::x\r\n```".into();
        }
    }
    let leaked = Event::TestLeaked {
        test: "m::passes".into(),
        leaks: ["file descriptor 9 is open: /tmp/<a>", "variable `A` is set"]
            .map(|what| crate::event::Leak {
                kind: crate::event::LeakKind::Fds,
                what: what.to_owned(),
            })
            .to_vec(),
    };
    records.insert(records.len() - 1, record(&leaked));
    let annotations = Written::default();
    let out = Box::new(annotations.clone());
    let mut github = super::super::github::GitHub::new(out, Some(summary.clone()));
    fs::write(&summary, "before\n").unwrap();
    for record in &records {
        github.record(record).unwrap();
    }
    let bytes = annotations.0.lock().unwrap();
    let text = String::from_utf8(bytes.clone()).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(
        lines[1],
        "::error file=tests/api.rs,line=31,title=m%3A%3Afails::thread 'm::fails' panicked at \
         tests/api.rs:31:9:%0A100%25 wrong%0A::error::x%0D%0A```"
    );
    assert!(
        lines[0].starts_with("::error file=tests/common.rs,line=14,title=fixture `user` failed in"),
        "{text}"
    );
    assert_eq!(lines.len(), 5, "{text}");
    assert!(
        lines.iter().all(|line| line.starts_with("::error ")),
        "{text}"
    );
    let summary = scratch.read("summary.md");
    assert!(
        summary.starts_with("before\n### ❌ shop::api\n"),
        "{summary}"
    );
    assert!(summary.contains(
        "| passed | failed | error | teardown error | process error | flaky | leaky | skipped |"
    ));
    assert!(summary.contains("````text\nthread 'm::fails'"), "{summary}");
    let leaky = "- <code>m::passes</code> left behind: file descriptor 9 is open: /tmp/&lt;a&gt;; \
                 variable `A` is set\n";
    assert!(summary.contains(leaky), "{summary}");
    assert!(
        summary.contains("- 1 skipped: `KEY` is not set"),
        "{summary}"
    );
}

#[test]
fn durations_are_listed() {
    let mut args = args("--durations 2");
    args.capture = true;
    let written = Written::default();
    let out = Box::new(written.clone());
    let mut reporter = super::super::reporter(&args, false, out).unwrap();
    for record in records() {
        reporter.record(&record).unwrap();
    }
    reporter.flush().unwrap();
    let bytes = written.0.lock().unwrap();
    let text = String::from_utf8_lossy(&bytes);
    assert!(
        text.contains(
            "
slowest tests:
    0.050s m::passes
    0.050s m::fails

slowest fixtures:
    0.150s setup    server (session)
    0.010s teardown user (test m::passes)
"
        ),
        "{text}"
    );
}

/// Every sort of event is as the schema says, and the schema knows every sort.
#[cfg(feature = "contract")]
#[test]
fn events_are_as_the_schema_says() {
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
