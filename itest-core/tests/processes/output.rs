//! What tests print is shown with the test that printed it, and only where that is wanted.

use crate::scene::{LIMIT, Scene, until};

const NOISY: usize = 16;

#[test]
fn output_of_a_passing_test_is_not_shown() {
    let scene = Scene::new();
    let ended = scene.run(scene.binary("output", &["passes"]));
    ended.must_exit(0);
    assert!(!ended.says("a secret"), "{ended}");
}

#[test]
fn show_output_shows_it() {
    let scene = Scene::new();
    let ended = scene.run(scene.binary("output", &["passes", "--show-output"]));
    ended.must_exit(0);
    assert_eq!(ended.section("passes").trim_end(), "a secret", "{ended}");
}

#[test]
fn nocapture_streams_it() {
    for threads in ["--test-threads=1", "--test-threads=2"] {
        let scene = Scene::new();
        let words = ["streams", "passes", "--nocapture", threads];
        let running = scene.start(scene.binary("output", &words));
        // The test waits for us: what it printed is there while it runs.
        let seen = until(LIMIT, || {
            scene.stdout().contains("streaming\n").then_some(())
        });
        scene.open_gate();
        let ended = running.wait();
        assert!(seen.is_some(), "{ended}");
        ended.must_say(&["a secret\n"]);
        ended.must_exit(0);
    }
}

#[test]
fn output_of_a_failing_test_is_shown_in_order() {
    for threads in ["--test-threads=1", "--test-threads=8"] {
        let scene = Scene::new();
        let words = ["fails_in_many_ways", "noisy::t00", "passes", threads];
        let ended = scene.run(scene.binary("output", &words));
        ended.must_exit(101);
        let shown = ended.section("fails_in_many_ways");
        let mut rest = shown;
        for line in 1..=6 {
            let line = format!("line {line}\n");
            let (_, behind) = rest
                .split_once(&line)
                .unwrap_or_else(|| panic!("{line}{ended}"));
            rest = behind;
        }
        // Its line has no end, so the panic, which is not buffered, comes before it.
        assert!(
            rest.contains("line 7") && rest.contains("line 8"),
            "{ended}"
        );
        assert!(
            !shown.contains("noisy") && !ended.says("a secret"),
            "{ended}"
        );
        scene.nothing_is_left();
    }
}

/// Several times: what goes wrong here does so now and then.
#[test]
fn noisy_workers_do_not_mix() {
    for threads in ["--test-threads=1", "--test-threads=2", "--test-threads=8"] {
        for _ in 0..20 {
            check_noisy(threads);
        }
    }
}

fn check_noisy(threads: &str) {
    let scene = Scene::new();
    let ended = scene.run(scene.binary("output", &["noisy::", threads]));
    ended.must_exit(101);
    assert_eq!(ended.counts(), (0, NOISY), "{ended}");
    for number in 0..NOISY {
        let test = format!("t{number:02}");
        let lines = (0..1000)
            .flat_map(|line| ["out", "err"].map(|to| format!("{test} line {line} {to}\n")));
        let expected: String = lines.collect();
        let shown = ended.section(&format!("noisy::{test}"));
        assert!(
            shown.starts_with(&expected),
            "{test} {threads}: {shown:.1000}"
        );
        assert!(
            shown[expected.len()..].contains(&format!("{test} fails\n")),
            "{test} {threads}"
        );
        assert_eq!(
            shown.matches(" line ").count(),
            2000,
            "{test} has lines of others"
        );
    }
}

/// The tests of `own`, in order, with what is said of those that do not pass.
const OWN: [(&str, &str, &[&str]); 6] = [
    ("own::good", "ok", &[]),
    (
        "own::setup_errs",
        "ERROR",
        &["fixture `own::errs` failed in setup", "no second for 1"],
    ),
    ("own::setup_skips", "ignored, not with 1", &[]),
    (
        "own::teardown_errs",
        "ok",
        &["fixture `own::errs_late` failed in teardown", "torn"],
    ),
    (
        "own::setup_dies",
        "ERROR",
        &["dies after 1\n", "killed by signal 6"],
    ),
    (
        "own::setup_hangs",
        "ERROR",
        &["hangs after 1\n", "fixture `hangs`"],
    ),
];

/// Nobody hears of what becomes of tests' own fixtures unless a report has a place for it. The
/// tests end as they do otherwise.
#[test]
fn own_fixtures_are_told_only_where_that_is_wanted() {
    let scene = Scene::new();
    let files = ["lines", "html", "ctrf", "trace"].map(|kind| scene.path_of(kind));
    let [events, html, ctrf, trace] = files.each_ref().map(|path| path.to_str().expect("ASCII"));
    let ways: [(&[&str], bool); 6] = [
        (&[], false),
        (&["--events", events], true),
        (&["--html", html], true),
        (&["--ctrf", ctrf], true),
        (&["--trace", trace], true),
        (&["--durations", "100"], true),
    ];
    for threads in ["--test-threads=1", "--test-threads=2"] {
        for (words, told) in ways {
            let words: Vec<&str> = ["own::", threads].iter().chain(words).copied().collect();
            let ended = scene.run(scene.binary("output", &words));
            ended.must_exit(101);
            for (test, result, texts) in OWN {
                assert_eq!(ended.results()[test], result, "{words:?} {ended}");
                ended.must_say(texts);
            }
            let report = match words[2..] {
                [] => String::new(),
                ["--durations", _] => ended.stdout,
                [.., path] => std::fs::read_to_string(path).expect("the report is there"),
            };
            assert_eq!(report.contains("own::second"), told, "{words:?} {report}");
        }
        check_own_events(events);
    }
    scene.nothing_is_left();
}

/// Each setup and teardown has two events, and its own output.
fn check_own_events(path: &str) {
    let lines = std::fs::read_to_string(path).expect("the events are there");
    let lines = lines.lines().map(|line| {
        let line: serde_json::Value = serde_json::from_str(line).expect("it is JSON");
        let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
        let fixture = &line["fixture"];
        if text(&fixture["test"]) != "own::good" {
            return None;
        }
        let (event, path) = (text(&line["event"]), text(&fixture["path"]));
        Some((event, path, text(&line["output"])))
    });
    let told: Vec<_> = lines.flatten().collect();
    let expected = [
        ("setup-started", "own::first", ""),
        ("setup-finished", "own::first", "first up\n"),
        ("setup-started", "own::second", ""),
        ("setup-finished", "own::second", "second up\n"),
        ("teardown-started", "own::second", ""),
        ("teardown-finished", "own::second", ""),
        ("teardown-started", "own::first", ""),
        ("teardown-finished", "own::first", "first down\n"),
    ];
    let expected = expected.map(|(event, path, output)| {
        let owned = [event, path, output].map(str::to_owned);
        owned.into()
    });
    assert_eq!(told, expected);
}
