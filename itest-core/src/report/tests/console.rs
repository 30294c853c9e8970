//! The reports for people: pretty and terse.

use super::*;

const HOOK: &str = "out\nerr\n\nthread 'm::fails' panicked at tests/x.rs:3:57:\n\
    assertion `left == right` failed\n  left: 1\n right: 2\n\
    note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace\n";

/// The events of a binary that was also run with libtest 1.95.
fn libtest_run() -> Vec<Event> {
    let location = "tests/x.rs:3:57";
    let message = "assertion `left == right` failed\n  left: 1\n right: 2";
    let failure = panic(location, message);
    run(
        9,
        [
            ignored("m::bare", ""),
            failed("m::err", FailureKind::Error, "\"bad thing\"", ""),
            test("m::fails", Outcome::Failed { failure }, HOOK),
            test("m::passes", Outcome::Passed, "hello from passes\n"),
            passed("m::sp"),
            failed(
                "m::sp_bad",
                FailureKind::Expectation,
                "panic did not contain expected string\n      panic message: \"other\"\n \
                 expected substring: \"boo\"",
                "\nthread 'm::sp_bad' panicked at tests/x.rs:7:55:\nother\n",
            ),
            failed(
                "m::sp_none",
                FailureKind::Expectation,
                "test did not panic as expected",
                "",
            ),
            passed("m::u"),
            ignored("m::why", "why not"),
        ],
    )
}

/// libtest's text but for:
/// - `m::sp_bad - should panic ... FAILED`: events do not say that a test should panic;
/// - `(6582)` after the thread's name, which is the panic hook's matter;
/// - `at tests/x.rs:8:28` after `did not panic as expected`, which is the executor's;
/// - an empty line after each section: libtest leaves it out after a `note:`.
#[test]
fn pretty_is_like_libtest() {
    check(
        "--test-threads=1",
        &libtest_run(),
        "
running 9 tests
test m::bare ... ignored
test m::err ... FAILED
test m::fails ... FAILED
test m::passes ... ok
test m::sp ... ok
test m::sp_bad ... FAILED
test m::sp_none ... FAILED
test m::u ... ok
test m::why ... ignored, why not

failures:

---- m::err stdout ----
Error: \"bad thing\"

---- m::fails stdout ----
out
err

thread 'm::fails' panicked at tests/x.rs:3:57:
assertion `left == right` failed
  left: 1
 right: 2
note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace

---- m::sp_bad stdout ----

thread 'm::sp_bad' panicked at tests/x.rs:7:55:
other
note: panic did not contain expected string
      panic message: \"other\"
 expected substring: \"boo\"

---- m::sp_none stdout ----
note: test did not panic as expected


failures:
    m::err
    m::fails
    m::sp_bad
    m::sp_none

test result: FAILED. 3 passed; 4 failed; 2 ignored; 0 measured; 2 filtered out; finished in 1.23s

",
    );
}

/// With the differences of the pretty format.
#[test]
fn terse_is_like_libtest() {
    let sections = report("", &libtest_run());
    let (_, sections) = sections.split_once("\nfailures:\n").unwrap();
    check(
        "-q",
        &libtest_run(),
        &format!(
            "
running 9 tests
i 1/9
m::err --- FAILED
m::fails --- FAILED
.. 5/9
m::sp_bad --- FAILED
m::sp_none --- FAILED
.i
failures:
{sections}"
        ),
    );
}

/// Exactly libtest's text.
#[test]
fn good_runs_are_like_libtest() {
    check(
        "",
        &run(1, [passed("t")]),
        "
running 1 test
test t ... ok

test result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 2 filtered out; finished in 1.23s

",
    );
    check(
        "-q",
        &run(0, []),
        "
running 0 tests

test result: ok. 0 passed; 0 failed; 0 ignored; 0 measured; 2 filtered out; finished in 1.23s

",
    );
    check(
        "--show-output --report-time",
        &run(
            3,
            [
                passed("a"),
                test("c", Outcome::Passed, "hello\n"),
                passed("b"),
            ],
        ),
        "
running 3 tests
test a ... ok <0.600s>
test c ... ok <0.600s>
test b ... ok <0.600s>

successes:

---- c stdout ----
hello


successes:
    a
    b
    c

test result: ok. 3 passed; 0 failed; 0 ignored; 0 measured; 2 filtered out; finished in 1.23s

",
    );
}

/// On a terminal of 60 columns no line of a result is longer; names that are pasted are whole.
#[test]
fn lines_fit_a_terminal() {
    use super::super::pretty::Pretty;
    use super::super::style::Style;
    use super::super::terse::Terse;
    use super::super::width::Width;
    use super::super::{Out, Reporter};

    let long = "api::v2::users::administration::creates_a_user_with_all_of_its_roles";
    let mut retried = finished(long, Outcome::Passed, "");
    if let Event::TestFinished { attempts, .. } = &mut retried {
        *attempts = 3;
    }
    let events = run(
        120,
        [
            passed("short"),
            passed(long),
            ignored(
                "short",
                "the server that it needs is not there, nor is any other",
            ),
            ignored(
                long,
                "the server that it needs is not there, nor is any other",
            ),
            failed(long, FailureKind::Timeout, "late", ""),
            vec![
                Event::TestStarted { test: long.into() },
                Event::TestSlow {
                    test: long.into(),
                    elapsed: Duration::from_secs(60),
                },
                Event::AttemptFailed {
                    test: long.into(),
                    attempt: 1,
                    outcome: Outcome::Passed,
                },
                retried,
            ],
            (0..100).flat_map(|_| passed("t")).collect(),
        ],
    );
    let shown = |flags: &str, new: &dyn Fn(Args, Out) -> Box<dyn Reporter>| {
        let written = Written::default();
        let mut reporter = new(args(flags), Out::new(Box::new(written.clone())));
        for event in &events {
            reporter.record(&record(event)).unwrap();
        }
        reporter.flush().unwrap();
        let bytes = written.0.lock().unwrap();
        String::from_utf8(bytes.clone()).unwrap()
    };
    let style = Style { color: false };
    let width = Width::fixed(|| 60);
    let pretty = |args: Args, out| Box::new(Pretty::new(&args, style, width, out)) as _;
    let terse = |args: Args, out| Box::new(Terse::new(&args, style, width, out)) as _;
    for text in [
        shown("", &pretty),
        shown("--report-time", &pretty),
        shown("--test-threads=1", &pretty),
        shown("-q", &terse),
    ] {
        let (results, summary) = text.split_once("\nfailures:\n").unwrap();
        for line in results.lines().chain(summary.lines().rev().take(3)) {
            assert!(line.chars().count() < 60, "{line}\n{text}");
        }
        assert!(
            summary.contains(&format!("\nfailures:\n    {long}\n")),
            "{text}"
        );
    }
    let text = shown("", &pretty);
    for line in [
        "test api::v2::users:…es_a_user_with_all_of_its_roles ... ok",
        "test short ... ignored, the server that it needs is not th…",
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
    assert!(
        text.contains("2 ignored;\n    0 measured; 2 filtered out; finished in 1.23s\n"),
        "{text}"
    );
    let heads = text.lines().filter(|line| line.starts_with("---- "));
    let heads: Vec<&str> = heads.collect();
    assert_eq!(heads.len(), 2, "of the failure and of an attempt; {text}");
    for head in heads {
        assert_eq!(head.chars().count(), 59, "{text}");
    }
}

#[test]
fn seeds_are_shown() {
    let started = [Event::RunStarted(Box::new(RunInfo {
        tests: 1,
        shuffle_seed: Some(7),
        ..RunInfo::default()
    }))];
    check("", &started, "\nrunning 1 test (shuffle seed: 7)\n");
    check("-q", &started, "\nrunning 1 test (shuffle seed: 7)\n");
}

/// As libtest, at the same places.
#[test]
fn terse_rows_end() {
    let tests = (0..200).map(|i| match i {
        90 | 91 => failed(&format!("t{i}"), FailureKind::Panic, "", ""),
        3 | 53 | 103 | 153 => ignored("", ""),
        _ => passed(""),
    });
    let report = report("-q", &run(200, tests));
    let rows = "
running 200 tests
...i.................................................i................................. 87/200
... 90/200
t90 --- FAILED
t91 --- FAILED
...........i.................................................i......................... 179/200
.....................
failures:
";
    assert!(report.starts_with(rows), "{report}");
}

#[test]
fn colors_are_asked_for() {
    let events = run(
        4,
        [
            passed("a"),
            ignored("b", "why"),
            failed("c", FailureKind::Panic, "no", ""),
            test(
                "d",
                Outcome::Xpassed {
                    reason: String::new(),
                },
                "",
            ),
        ],
    );
    // 600 ms are beyond the first limit, not beyond the second.
    let colored = report("--color=always --report-time", &events);
    for line in [
        "test a ... \x1b[32mok\x1b[0m\x1b[33m <0.600s>\x1b[0m\n",
        "test b ... \x1b[33mignored, why\x1b[0m\n",
        "test c ... \x1b[31mFAILED\x1b[0m\x1b[33m <0.600s>\x1b[0m\n",
        "\ntest result: \x1b[31mFAILED\x1b[0m. 2 passed;",
    ] {
        assert!(colored.contains(line), "{colored}");
    }
    let colored = report("--color=always -q", &events);
    let row =
        "\n\x1b[32m.\x1b[0m\x1b[33mi\x1b[0m 2/4\nc --- \x1b[31mFAILED\x1b[0m\n\x1b[33mX\x1b[0m\n";
    assert!(colored.contains(row), "{colored}");
    // The reports of `check` do not go to a terminal.
    assert!(!report("--color=auto", &events).contains('\x1b'));
}

/// A serial run prints names first, so that one sees what hangs.
#[test]
fn names_come_first_where_tests_run_one_by_one() {
    let events = [
        Event::TestStarted { test: "a".into() },
        Event::TestSlow {
            test: "a".into(),
            elapsed: Duration::from_secs(60),
        },
    ];
    check("", &events, "test a has been running for over 60 seconds\n");
    check(
        "--test-threads=1",
        &events,
        "test a ... \ntest a has been running for over 60 seconds\n",
    );
    check("--test-threads=1", &events[..1], "test a ... ");
    // Another test's fixture took its worker away before it had begun.
    let twice = [events[0].clone(), events[0].clone()];
    check("--test-threads=1", &twice, "test a ... ");
    // The rest of a line that something came into is a line.
    let mut events = events.to_vec();
    events.push(finished("a", Outcome::Passed, ""));
    check(
        "--test-threads=1",
        &events,
        "test a ... \ntest a has been running for over 60 seconds\ntest a ... ok\n",
    );
}

#[test]
fn the_summary_has_what_libtest_has_no_place_for() {
    let skip = |name, reason: &str| {
        let reason = reason.to_owned();
        test(name, Outcome::Skipped { reason }, "")
    };
    let mut events = run(
        12,
        [
            skipped("a", "`API_KEY` is not set"),
            skip("b", "no printer\nhere"),
            skipped("c", "`API_KEY` is not set"),
            skip("d", ""),
            ignored("e", "slow"),
            test(
                "f",
                Outcome::Xfailed {
                    reason: "bug 7".into(),
                },
                "",
            ),
            test(
                "g",
                Outcome::Xpassed {
                    reason: String::new(),
                },
                "",
            ),
            failed(
                "h",
                FailureKind::Timeout,
                "took longer than 5s",
                "so far\nso",
            ),
            failed("i", FailureKind::Misuse, "`provide!` was not reached", ""),
        ],
    );
    let Some(Event::RunFinished { interrupted, .. }) = events.last_mut() else {
        panic!("the run does not finish");
    };
    *interrupted = true;
    check(
        "",
        &events,
        "
running 12 tests
test a ... ignored, `API_KEY` is not set
test b ... ignored, no printer here
test c ... ignored, `API_KEY` is not set
test d ... ignored
test e ... ignored, slow
test f ... xfailed, bug 7
test g ... xpassed
test h ... FAILED (time limit exceeded)
test i ... FAILED

failures:

---- h stdout ----
so far
so
note: took longer than 5s

---- i stdout ----
error: `provide!` was not reached


failures:
    h
    i

skipped:
    2: `API_KEY` is not set
    1: no reason given
    1: no printer here

1 xfailed, 1 xpassed, stopped early: 3 tests did not run

test result: FAILED. 2 passed; 2 failed; 5 ignored; 0 measured; 2 filtered out; finished in 1.23s

",
    );
}

/// What tests printed is shown as it is, once.
#[test]
fn failures_are_told_completely() {
    let chain = Failure {
        causes: vec!["no route".into(), "cable unplugged".into()],
        ..Failure::new(FailureKind::Error, "not saved")
    };
    let outcome = |failure| Outcome::Failed { failure };
    let section = |failure: &Failure, output: &str| {
        let report = report("", &run(1, [test("t", outcome(failure.clone()), output)]));
        let (_, rest) = report.split_once("stdout ----\n").unwrap();
        rest.split_once("\n\n\nfailures:").unwrap().0.to_owned()
    };

    let told = "Error: not saved\n  caused by: no route\n  caused by: cable unplugged";
    assert_eq!(section(&chain, ""), told);
    assert_eq!(section(&chain, &format!("{told}\n")), told);
    assert_eq!(section(&chain, "half"), format!("half\n{told}"));

    let boom = panic("tests/x.rs:1:2", "boom");
    let told = "thread 't' panicked at tests/x.rs:1:2:\nboom";
    assert_eq!(section(&boom, ""), told);
    assert_eq!(section(&boom, &format!("{told}\n")), told);
    let other = "thread 't' panicked at tests/x.rs:3:4:\nboom";
    assert_eq!(section(&boom, other), format!("{other}\n{told}"));

    let traced = Failure {
        location: None,
        backtrace: Some("   0: main".into()),
        ..boom
    };
    assert_eq!(
        section(&traced, ""),
        "thread 't' panicked at an unknown place:\nboom\nstack backtrace:\n   0: main"
    );
}

/// Where nothing is captured it was printed when it happened, and is not printed once more.
#[test]
fn a_panic_that_was_printed_is_not_repeated() {
    let failure = panic("src/a.rs:1:2", "no");
    let unseen = Failure {
        location: None,
        ..failure.clone()
    };
    let events = run(
        3,
        [
            test("a", Outcome::Failed { failure }, ""),
            // A hook of the user's saw it.
            test("b", Outcome::Failed { failure: unseen }, ""),
            failed("c", FailureKind::Error, "wrong", ""),
        ],
    );
    let text = report("--nocapture", &events);
    assert!(!text.contains("src/a.rs:1:2"), "{text}");
    assert!(
        text.contains("---- b stdout ----\nthread 'b' panicked"),
        "{text}"
    );
    assert!(text.contains("---- c stdout ----\nError: wrong"), "{text}");
    assert!(
        text.contains("\nfailures:\n    a\n    b\n    c\n"),
        "{text}"
    );
    assert!(
        report("", &events).contains("---- a stdout ----\nthread 'a' panicked at src/a.rs:1:2")
    );
}

#[test]
fn retries_are_told() {
    let attempt = |test: &str, attempt| Event::AttemptFailed {
        test: test.into(),
        attempt,
        outcome: Outcome::Failed {
            failure: panic("tests/x.rs:1:2", "boom"),
        },
    };
    let ended = |test: &str, outcome| match finished(test, outcome, "") {
        Event::TestFinished {
            test,
            outcome,
            teardown_errors,
            duration,
            output,
            ..
        } => Event::TestFinished {
            test,
            outcome,
            attempts: 2,
            teardown_errors,
            duration,
            output,
        },
        other => other,
    };
    let failure = panic("tests/x.rs:1:2", "boom");
    let events = run(
        2,
        [vec![
            attempt("a", 1),
            ended("a", Outcome::Passed),
            attempt("b", 1),
            ended("b", Outcome::Failed { failure }),
        ]],
    );
    check(
        "",
        &events,
        "
running 2 tests
attempt 1 of a failed, trying again
test a ... ok (attempt 2)
attempt 1 of b failed, trying again
test b ... FAILED (attempt 2)

failures:

---- b stdout ----
thread 'b' panicked at tests/x.rs:1:2:
boom


failures:
    b

flaky:

---- a attempt 1 ----
thread 'a' panicked at tests/x.rs:1:2:
boom


1 flaky

test result: FAILED. 1 passed; 1 failed; 0 ignored; 0 measured; 2 filtered out; finished in 1.23s

",
    );
    let xml = report("--format=junit", &events);
    for part in [
        "            <flakyFailure message=\"boom\" type=\"test failure\">thread 'a' panicked",
        "            <failure message=\"boom\" type=\"test failure\">thread 'b' panicked",
        "            <rerunFailure message=\"boom\" type=\"test failure\">thread 'b' panicked",
    ] {
        assert_eq!(xml.matches(part).count(), 1, "{xml}");
    }
}
