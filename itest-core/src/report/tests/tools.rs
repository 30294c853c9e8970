//! The reports for tools: JUnit, CTRF, GitHub's; and the list of durations.

use std::collections::BTreeMap;
use std::fs;

use serde_json::Value;

use super::recorded::*;
use super::*;
use crate::report::Reporter;

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
