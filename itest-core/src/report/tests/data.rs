//! The reports for tools: JSON, JUnit, the log file, and lists.

use serde_json::Value;

use super::*;
use crate::def::Location;

/// libtest's lines, to the order of the fields, but for:
/// - the time, which libtest gives as measured, and thread numbers in panics;
/// - `m::skips`: libtest has no skip at run time;
/// - `"stdout"` of `m::quiet`: without capture libtest says nothing about the failure;
/// - `m::broken`: libtest has no fixtures.
#[test]
fn json_is_libtests() {
    let boom = || panic("tests/x.rs:3:57", "boom");
    let outcome = |failure| Outcome::Failed { failure };
    let events = run(
        7,
        [
            ignored("m::bare", ""),
            ignored("m::why", "why \"not\""),
            test(
                "m::fails",
                outcome(boom()),
                "out\n\nthread 'm::fails' panicked at tests/x.rs:3:57:\nboom\n",
            ),
            test("m::passes", Outcome::Passed, "hello\n"),
            failed(
                "m::sp_none",
                FailureKind::Expectation,
                "test did not panic as expected",
                "so\n",
            ),
            vec![Event::TestSlow {
                test: "m::slow".into(),
                elapsed: Duration::from_secs(60),
            }],
            failed("m::slow", FailureKind::Timeout, "more than 90 s", ""),
            test(
                "m::skips",
                Outcome::Skipped {
                    reason: "no docker".into(),
                },
                "",
            ),
            test("m::quiet", outcome(boom()), ""),
            vec![finished(
                "m::broken",
                Outcome::Error {
                    error: error("db", refused()),
                },
                "hello",
            )],
        ],
    );
    check(
        "--format=json",
        &events,
        r#"{ "type": "suite", "event": "started", "test_count": 7 }
{ "type": "test", "event": "started", "name": "m::bare" }
{ "type": "test", "name": "m::bare", "event": "ignored" }
{ "type": "test", "event": "started", "name": "m::why" }
{ "type": "test", "name": "m::why", "event": "ignored", "message": "why \"not\"" }
{ "type": "test", "event": "started", "name": "m::fails" }
{ "type": "test", "name": "m::fails", "event": "failed", "stdout": "out\n\nthread 'm::fails' panicked at tests/x.rs:3:57:\nboom\n" }
{ "type": "test", "event": "started", "name": "m::passes" }
{ "type": "test", "name": "m::passes", "event": "ok" }
{ "type": "test", "event": "started", "name": "m::sp_none" }
{ "type": "test", "name": "m::sp_none", "event": "failed", "stdout": "so\n", "message": "test did not panic as expected" }
{ "type": "test", "event": "timeout", "name": "m::slow" }
{ "type": "test", "event": "started", "name": "m::slow" }
{ "type": "test", "name": "m::slow", "event": "failed", "stdout": "note: more than 90 s\n", "reason": "time limit exceeded" }
{ "type": "test", "event": "started", "name": "m::skips" }
{ "type": "test", "name": "m::skips", "event": "ignored", "message": "no docker" }
{ "type": "test", "event": "started", "name": "m::quiet" }
{ "type": "test", "name": "m::quiet", "event": "failed", "stdout": "thread 'm::quiet' panicked at tests/x.rs:3:57:\nboom\n" }
{ "type": "test", "event": "started", "name": "m::broken" }
{ "type": "test", "name": "m::broken", "event": "failed", "stdout": "hello\nerror: fixture `db` failed in setup\n  --> tests/common.rs:14\n   = note: caused by: no connection to PostgreSQL\n   = note: caused by: connection refused (127.0.0.1:5432)\n" }
{ "type": "suite", "event": "failed", "passed": 1, "failed": 5, "ignored": 3, "measured": 0, "filtered_out": 2, "exec_time": 1.234 }
"#,
    );
    check(
        "--format=json --report-time --show-output",
        &[
            Event::RunStarted(Box::new(RunInfo {
                tests: 1,
                shuffle_seed: Some(7),
                ..RunInfo::default()
            })),
            finished("t", Outcome::Passed, "hello\n"),
        ],
        r#"{ "type": "suite", "event": "started", "test_count": 1, "shuffle_seed": 7 }
{ "type": "test", "event": "started", "name": "t" }
{ "type": "test", "name": "t", "event": "ok", "exec_time": 0.6, "stdout": "hello\n" }
"#,
    );
}

/// Texts that try the escaping, from a generator that is the same each time.
fn texts() -> impl Iterator<Item = String> {
    const PIECES: &[&str] = &[
        "a",
        " ",
        "\"",
        "'",
        "\\",
        "/",
        "<",
        ">",
        "&",
        "&amp;",
        "]]>",
        "<![CDATA[",
        "--",
        "\n",
        "\r\n",
        "\r",
        "\t",
        "\0",
        "\x01",
        "\x08",
        "\x0b",
        "\x0c",
        "\x1b[31m",
        "\x1b[0;1m",
        "\x1b]0;title\x07",
        "\x1b]8;;x\x1b\\",
        "\x7f",
        "\u{85}",
        "\u{2028}",
        "é",
        "\u{d7ff}",
        "\u{e000}",
        "\u{fffd}",
        "\u{fffe}",
        "\u{ffff}",
        "😀",
        "{",
        "}",
        ",",
    ];
    let mut state = 1_u64;
    let mut next = move |below: usize| {
        state = state
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        (state >> 33) as usize % below
    };
    (0..2000).map(move |_| (0..next(8)).map(|_| PIECES[next(PIECES.len())]).collect())
}

#[test]
fn json_parses_back() {
    for text in texts() {
        let events = run(1, [failed(&text, FailureKind::Expectation, &text, &text)]);
        let report = report("--format=json", &events);
        let lines: Vec<Value> = report
            .split_terminator('\n')
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        assert_eq!(lines.len(), 4, "{report}");
        for key in ["name", "message", "stdout"] {
            let value = lines[2].get(key).and_then(Value::as_str);
            assert_eq!(value.unwrap_or_default(), text, "{report}");
        }
    }
}

/// The shape that nextest writes, without timestamps and identifiers.
#[test]
fn junit_is_nextests() {
    let failure = panic("tests/x.rs:3:57", "boom <\"1\">\nagain");
    let events = run(
        6,
        [
            test("m::passes", Outcome::Passed, "hello\n"),
            ignored("m::bare", ""),
            skipped("m::skips", "`A` is not set"),
            test(
                "m::fails",
                Outcome::Failed { failure },
                "\x1b[31mred\x1b[0m & more\n",
            ),
            failed("m::slow", FailureKind::Timeout, "took longer than 5s", ""),
            test(
                "m::broken",
                Outcome::Error {
                    error: error("db", refused()),
                },
                "",
            ),
        ],
    );
    let text = r#"<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="itest-run" tests="6" failures="2" errors="1" time="1.234">
    <testsuite name="shop::api" tests="6" failures="2" errors="1" skipped="2" timestamp="1970-01-01T00:00:00.000Z" time="2.400">
        <testcase name="m::passes" classname="shop::api" time="0.600"/>
        <testcase name="m::bare" classname="shop::api" time="0.000">
            <skipped/>
        </testcase>
        <testcase name="m::skips" classname="shop::api" time="0.000">
            <skipped message="`A` is not set"/>
        </testcase>
        <testcase name="m::fails" classname="shop::api" time="0.600">
            <failure message="boom &lt;&quot;1&quot;&gt;&#10;again" type="test failure">thread 'm::fails' panicked at tests/x.rs:3:57:
boom &lt;"1"&gt;
again</failure>
            <system-out>red &amp; more
</system-out>
        </testcase>
        <testcase name="m::slow" classname="shop::api" time="0.600">
            <failure message="took longer than 5s" type="test timeout">note: took longer than 5s</failure>
        </testcase>
        <testcase name="m::broken" classname="shop::api" time="0.600">
            <error message="fixture `db` failed in setup" type="fixture error">error: fixture `db` failed in setup
  --&gt; tests/common.rs:14
   = note: caused by: no connection to PostgreSQL
   = note: caused by: connection refused (127.0.0.1:5432)</error>
        </testcase>
    </testsuite>
</testsuites>
"#;
    check("--format=junit", &events, text);
    let shown = report("--format=junit --show-output", &events);
    assert!(
        shown.contains("<system-out>hello\n</system-out>"),
        "{shown}"
    );
}

#[test]
fn junit_parses_back() {
    for text in texts() {
        let events = run(1, [failed(&text, FailureKind::Expectation, &text, &text)]);
        let xml = report("--format=junit", &events);
        // Nothing that XML does not allow, no tag that is not ours.
        for c in xml.chars() {
            let allowed = matches!(c, '\t' | '\n' | ' '..='\u{fffd}' | '\u{10000}'..);
            assert!(allowed, "{c:?} in {xml}");
        }
        let has_output = usize::from(!text.is_empty());
        assert_eq!(xml.matches('<').count(), 9 + 2 * has_output, "{xml}");
        let between = |start: &str, end: &str| {
            let (_, rest) = xml.split_once(start).unwrap();
            unescape(rest.split_once(end).unwrap().0)
        };
        let visible = visible(&text);
        assert_eq!(between("<testcase name=\"", "\""), visible);
        assert_eq!(between("<failure message=\"", "\""), visible);
        if has_output > 0 {
            assert_eq!(between("<system-out>", "<"), visible);
        }
    }
}

/// What a reader of XML makes of text without tags.
fn unescape(text: &str) -> String {
    let mut parts = text.split('&');
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (name, rest) = part.split_once(';').unwrap();
        plain.push(match name {
            "amp" => '&',
            "lt" => '<',
            "gt" => '>',
            "quot" => '"',
            _ => char::from(name.strip_prefix('#').unwrap().parse::<u8>().unwrap()),
        });
        plain += rest;
    }
    plain
}

/// What a terminal and XML leave of a text.
fn visible(text: &str) -> String {
    let mut text = text.to_owned();
    for sequence in [
        "\x1b[31m",
        "\x1b[0;1m",
        "\x1b]0;title\x07",
        "\x1b]8;;x\x1b\\",
    ] {
        text = text.replace(sequence, "");
    }
    text.retain(|c| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{fffd}' | '\u{10000}'..));
    text
}

#[test]
fn only_whole_sequences_are_left_out_of_junit() {
    let check = |text: &str, expected: &str| {
        let xml = report(
            "--format=junit --show-output",
            &run(1, [test("t", Outcome::Passed, text)]),
        );
        let (_, rest) = xml.split_once("<system-out>").unwrap();
        assert_eq!(
            rest.split_once("</system-out>").unwrap().0,
            expected,
            "{text:?}"
        );
    };
    check("a\x1b[1;31mb\x1b[mc", "abc");
    check("a\x1b[2Kb\x1b[?25lc", "abc");
    check("a\x1b]0;b\x07c\x1b]8;;d\x1b\\e", "ace");
    check("a\x1b", "a");
    check("a\x1bb", "ab");
    check("a\x1b[", "a[");
    check("a\x1b[3", "a[3");
    check("a\x1b[3\nb", "a[3\nb");
    check("a\x1b[é", "a[é");
    check("a\x1b]b", "a]b");
    check("a\x1b]b\nc\x07", "a]b\nc");
}

#[test]
fn logs_have_a_line_per_test() {
    let log = std::env::temp_dir().join(format!("itest-log-{}.log", std::process::id()));
    let events = run(
        6,
        [
            passed("a"),
            ignored("b", ""),
            ignored("c", "why"),
            failed("d", FailureKind::Panic, "boom", ""),
            failed("e", FailureKind::Expectation, "did not panic", ""),
            test(
                "f",
                Outcome::Error {
                    error: error("db", refused()),
                },
                "",
            ),
        ],
    );
    report(
        &format!("--report-time --logfile={}", log.display()),
        &events,
    );
    // libtest's lines, the last excepted.
    assert_eq!(
        std::fs::read_to_string(&log).unwrap(),
        "ok a <0.600s>
ignored b
ignored: why c
failed d <0.600s>
failed: did not panic e <0.600s>
failed: fixture `db` failed in setup f <0.600s>
"
    );
    std::fs::remove_file(log).unwrap();
}

#[test]
fn lists_are_libtests() {
    let listed = |name, function, reason, line| Listed {
        name,
        function,
        ignored: reason != "no",
        reason: if reason == "no" { "" } else { reason },
        location: Location {
            file: "tests/x.rs",
            line,
            column: 12,
        },
    };
    let tests = [
        listed("m::passes", "passes", "no", 2),
        listed("m::why::case_1", "why", "why \"not\"", 5),
        listed("sp ace [a=\"b\"] x: y", "sp", "", 7),
    ];
    let check = |flags: &str, tests: &[Listed<'_>], expected: &str| {
        let mut out = Vec::new();
        super::super::list(&args(flags), tests, &mut out).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), expected, "{flags}");
    };
    let terse = "m::passes: test\nm::why::case_1: test\nsp ace [a=\"b\"] x: y: test\n";
    check("--list --format=terse", &tests, terse);
    check("--list -q", &tests, terse);
    check("--list -q", &[], "");
    check(
        "--list",
        &tests,
        &format!("{terse}\n3 tests, 0 benchmarks\n"),
    );
    check(
        "--list",
        &tests[..1],
        "m::passes: test\n\n1 test, 0 benchmarks\n",
    );
    check("--list --format=junit", &[], "0 tests, 0 benchmarks\n");
    check(
        "--list --format=json",
        &tests[..2],
        r#"{ "type": "suite", "event": "discovery" }
{ "type": "test", "event": "discovered", "name": "m::passes", "ignore": false, "ignore_message": "", "source_path": "tests/x.rs", "start_line": 2, "start_col": 12, "end_line": 2, "end_col": 18 }
{ "type": "test", "event": "discovered", "name": "m::why::case_1", "ignore": true, "ignore_message": "why \"not\"", "source_path": "tests/x.rs", "start_line": 5, "start_col": 12, "end_line": 5, "end_col": 15 }
{ "type": "suite", "event": "completed", "tests": 2, "benchmarks": 0, "total": 2, "ignored": 1 }
"#,
    );
}
