//! `cargo itest`: the binaries of a workspace in one run.

use std::collections::BTreeSet;
use std::process::Command;

use libc::{SIGINT, SIGTERM};

use crate::scene::{Ended, Scene};
use crate::{locks, sample};

/// Tests in `one`, `two` and `three` together; the gate is open.
const TESTS: usize = 301;
const BINARIES: [&str; 6] = ["--test", "one", "--test", "two", "--test", "three"];

fn with<'a>(words: &[&'a str], more: &[&'a str]) -> Vec<&'a str> {
    [words, more].concat()
}

/// All of `db` and `server` happened once, in order.
fn check_session(scene: &Scene) {
    let steps = ["server up", "db up", "db down", "server down"];
    let session = |event: &String| steps.contains(&event.as_str());
    let seen: Vec<String> = scene.events().into_iter().filter(session).collect();
    assert_eq!(seen, steps);
}

#[test]
fn one_session_for_all_binaries() {
    for threads in ["--test-threads=1", "--test-threads=4"] {
        let scene = Scene::new();
        scene.open_gate();
        let ended = scene.run(scene.cargo_itest(&with(&BINARIES, &[threads])));
        ended.must_exit(0);
        assert_eq!(ended.counts(), (TESTS, 0), "{ended}");
        let results = ended.results();
        for name in ["sample::one t00", "sample::two t39", "sample::three t20"] {
            assert_eq!(results.get(name), Some(&"ok"), "{name}; {ended}");
        }
        check_session(&scene);
        scene.nothing_is_left();
    }
}

#[test]
fn filters_hold_for_all_binaries() {
    let scene = Scene::new();
    let ended = scene.run(scene.cargo_itest(&with(&BINARIES, &["t1", "--skip", "t11"])));
    ended.must_exit(0);
    assert_eq!(ended.counts(), (27, 0), "{ended}");
    ended.must_say(&["running 27 tests", "274 filtered out"]);
    check_session(&scene);

    let scene = Scene::new();
    let ended = scene.run(scene.cargo_itest(&with(&BINARIES, &["--", "--exact", "t39"])));
    ended.must_exit(0);
    assert_eq!(ended.counts(), (3, 0), "{ended}");

    let scene = Scene::new();
    let ended = scene.run(scene.cargo_itest(&with(&BINARIES, &["no_such_test"])));
    ended.must_exit(0);
    assert_eq!(ended.counts(), (0, 0), "{ended}");
    assert_eq!(scene.events(), [""; 0], "nothing is set up");
}

#[test]
fn a_crash_costs_one_test_of_one_binary() {
    let scene = Scene::new();
    scene.open_gate();
    let words = ["--test", "crash", "--test", "two", "aborts", "exits", "t0"];
    let ended = scene.run(scene.cargo_itest(&words));
    ended.must_exit(101);
    let results = ended.results();
    let word = |name| results.get(name).copied();
    assert_eq!(
        word("sample::crash aborts::b_victim"),
        Some("FAILED"),
        "{ended}"
    );
    assert_eq!(
        word("sample::crash aborts::a_before"),
        Some("ok"),
        "{ended}"
    );
    assert_eq!(word("sample::crash aborts::c_after"), Some("ok"), "{ended}");
    for number in 0..10 {
        let name = format!("sample::two t0{number}");
        assert_eq!(results.get(&*name), Some(&"ok"), "{ended}");
    }
    ended.must_say(&["SIGABRT"]);
    let names = "    sample::crash aborts::b_victim\n";
    assert!(
        ended.stdout.contains(names),
        "it is named at the end; {ended}"
    );
    scene.nothing_is_left();
}

#[test]
fn an_interrupt_cancels_tears_down_and_says_so() {
    for (signal, code) in [(SIGINT, 130), (SIGTERM, 143)] {
        let scene = Scene::new();
        let words = [
            "--test",
            "signals",
            "--test",
            "one",
            "asynchronous::",
            "gated",
        ];
        let running = scene.start(scene.cargo_itest(&words));
        scene.wait_for("waits started");
        running.signal(signal);
        let ended = running.wait();
        ended.must_exit(code);
        ended.must_say(&["interrupted", "test result: FAILED."]);
        scene.nothing_is_left();
        for fixture in ["row", "table", "server"] {
            assert_eq!(scene.ups_and_downs(fixture), (1, 1), "{fixture}; {ended}");
        }
    }
}

#[test]
fn an_interrupt_ends_a_binary_of_libtest() {
    let scene = Scene::new();
    let mut command = scene.cargo_itest(&["-p", "other", "--lib", "waits_where_it_shall"]);
    command.env("SAMPLE_WAITS", "1");
    let running = scene.start(command);
    scene.wait_for("unit test waits");
    running.signal(SIGINT);
    let ended = running.wait();
    ended.must_exit(130);
    scene.nothing_is_left();
}

/// Locks hold between binaries: the sample's `locked` is in both.
#[test]
fn workers_of_several_binaries_exclude_each_other() {
    let scene = Scene::new();
    let words = ["-p", "other", "--test", "holder", "--test", "waiter"];
    let command = scene.cargo_itest(&with(&words, &["--test-threads=6"]));
    let ended = scene.run(command);
    ended.must_exit(0);
    assert_eq!(ended.counts(), (2 * locks::TESTS, 0), "{ended}");
    locks::check_events(&scene, locks::in_process);
    let pids: BTreeSet<u32> = scene.events_of().into_iter().map(|(pid, _)| pid).collect();
    assert!(pids.len() > 2, "workers: {pids:?}");
}

fn other(scene: &Scene, words: &[&str], variable: Option<&str>) -> Ended {
    let mut command = scene.cargo_itest(&with(&["-p", "other"], words));
    if let Some(name) = variable {
        command.env(name, "1");
    }
    scene.run(command)
}

#[test]
fn results_of_libtest_are_in_the_report() {
    let scene = Scene::new();
    let ended = other(&scene, &["--lib"], None);
    ended.must_exit(0);
    let results = ended.results();
    let word = |name| results.get(name).copied();
    assert_eq!(word("tests::passes"), Some("ok"), "{ended}");
    assert_eq!(word("tests::panics"), Some("ok"), "{ended}");
    assert_eq!(
        word("tests::ignored"),
        Some("ignored, not today"),
        "{ended}"
    );
    assert_eq!(ended.counts(), (6, 0), "{ended}");

    let scene = Scene::new();
    let ended = other(&scene, &["--lib", "--test", "abrupt"], Some("SAMPLE_FAILS"));
    ended.must_exit(101);
    assert_eq!(ended.counts(), (6, 1), "{ended}");
    let section = ended.section("other tests::fails_where_it_shall");
    assert!(section.contains("on the way\n"), "{ended}");
    assert!(section.contains("it shall\nfail"), "{ended}");
    assert_eq!(ended.results()["other::abrupt of_abrupt"], "ok", "{ended}");
}

/// libtest does not tell how long tests take, but when they have ended.
#[test]
fn times_of_libtest_are_known() {
    let scene = Scene::new();
    let junit = scene.path_of("junit.xml");
    let junit = junit.to_str().expect("the path is text");
    let words = ["-p", "other", "--lib", "--junit", junit];
    let run = |words: &[&str]| {
        let mut command = scene.cargo_itest(words);
        command.env("ITEST_HISTORY", scene.path_of("history"));
        scene.run(command).must_exit(0);
        let known = std::fs::read_to_string(scene.path_of("history/other.history"));
        known.unwrap_or_default()
    };
    let shard = [&words[..], &["--shard=1/1"]].concat();
    assert_eq!(run(&shard), "", "a shard records no times");
    let known = run(&words);
    let mut lines = known.lines();
    assert!(
        lines.next().is_some_and(|head| head.ends_with(" of 7")),
        "{known}"
    );
    let line = lines.find_map(|line| line.strip_suffix(" p tests::takes_a_moment"));
    let micros: u64 = line.expect(&known).parse().expect("it is a number");
    // How much of its time is seen depends on when its lines were read.
    assert!(micros > 0, "{known}");
    let report = std::fs::read_to_string(junit).expect("it was written");
    let (_, case) = report
        .split_once("name=\"tests::takes_a_moment\"")
        .expect(&report);
    let (_, time) = case.split_once(" time=\"").expect(case);
    let (time, _) = time.split_once('"').expect(time);
    assert!(time.parse::<f64>().expect(time) > 0.0, "{report}");
}

#[test]
fn what_failed_last_is_chosen_among_tests_of_libtest_too() {
    let scene = Scene::new();
    let run = |more: &[&str], fails: bool| {
        let words = ["--lib", "--test", "own", "--test", "abrupt"];
        let mut command = scene.cargo_itest(&with(&["-p", "other"], &with(&words, more)));
        command.env("ITEST_HISTORY", scene.path_of("history"));
        if fails {
            command.env("SAMPLE_FAILS", "1");
        }
        scene.run(command)
    };
    let all = run(&[], true);
    all.must_exit(101);
    let (passed, failed) = all.counts();
    assert_eq!(failed, 2, "{all}");
    let again = run(&["--last-failed"], true);
    again.must_exit(101);
    assert_eq!(again.counts(), (0, 2), "{again}");
    let repaired = run(&["--last-failed"], false);
    repaired.must_exit(0);
    assert_eq!(repaired.counts(), (2, 0), "{repaired}");
    let results = repaired.results();
    let names = ["other tests::fails_where_it_shall", "other::own own"];
    assert_eq!(results.into_keys().collect::<Vec<_>>(), names);
    repaired.must_say(&[&format!("{} filtered out", passed + 1)]);
    let none = run(&["--last-failed"], false);
    assert_eq!(
        none.counts(),
        (passed + 2, 0),
        "all, if none failed; {none}"
    );
}

#[test]
fn a_binary_of_libtest_that_crashes_is_named() {
    let scene = Scene::new();
    let words = ["--lib", "--test", "own", "--", "--test-threads=1"];
    let ended = other(&scene, &words, Some("SAMPLE_ABORTS"));
    ended.must_exit(101);
    ended.must_say(&[
        "the process of `other` ended before one of its tests had a result",
        "SIGABRT",
    ]);
    assert_eq!(ended.results()["other::own own"], "ok", "{ended}");
}

#[test]
fn a_harness_of_its_own_is_one_test() {
    let scene = Scene::new();
    let ended = other(&scene, &["--test", "own"], None);
    ended.must_exit(0);
    assert_eq!(ended.counts(), (1, 0), "{ended}");
    let ended = other(&scene, &["--test", "own"], Some("SAMPLE_FAILS"));
    ended.must_exit(101);
    ended.must_say(&["exited with code 3", "directory "]);
    let ended = other(&scene, &["--test", "own", "nothing"], Some("SAMPLE_FAILS"));
    ended.must_exit(0);
}

/// A binary that cannot be listed names itself and takes no other with it.
#[test]
fn a_listing_that_fails_costs_one_binary() {
    let scene = Scene::new();
    let words = [
        "--lib", "--test", "abrupt", "--test", "ill", "--test", "own",
    ];
    let ended = other(&scene, &words, Some("SAMPLE_ABORTS"));
    ended.must_exit(101);
    ended.must_say(&[
        "the tests of `other::abrupt` cannot be listed",
        "what went wrong",
        "nothing of `other::ill` runs: its fixtures are wrong",
        "no fixture named `nobody`",
    ]);
    assert_eq!(ended.results()["other tests::passes"], "ok", "{ended}");
    assert_eq!(ended.results()["other::own own"], "ok", "{ended}");

    let scene = Scene::new();
    let ended = other(&scene, &["--test", "abrupt"], None);
    ended.must_exit(0);
    assert_eq!(
        ended.results()["of_abrupt"],
        "ok",
        "noise is no hindrance; {ended}"
    );
}

/// Of the same version, but of other sources: it is not misunderstood.
#[test]
fn a_binary_of_another_build_is_named_with_what_to_do() {
    let scene = Scene::new();
    let ended = other(&scene, &["--test", "foreign", "--test", "own"], None);
    ended.must_exit(101);
    ended.must_say(&[
        "the tests of `other::foreign` cannot be listed: it and cargo-itest are of different builds",
        "built with itest 0.1.0 (protocol 00000000000000f0)",
        "cargo install --path",
        "the binary is ",
    ]);
    assert_eq!(ended.results()["other::own own"], "ok", "{ended}");
}

/// The lines that `own` prints, those apart that differ from process to process.
fn surroundings(text: &str) -> BTreeSet<String> {
    let differs = |line: &&str| {
        let own = [
            "variable ITEST_RUN=",
            "variable SAMPLE_EVENTS=",
            "variable TMPDIR=",
        ];
        own.iter().any(|start| line.starts_with(start))
    };
    let lines = text
        .lines()
        .filter(|line| line.starts_with("variable ") || line.starts_with("directory "));
    lines
        .filter(|line| !differs(line))
        .map(str::to_owned)
        .collect()
}

#[test]
fn tests_get_what_cargo_test_gives_them() {
    let words = ["--package", "other", "--test", "own"];
    let scene = Scene::new();
    let mut cargo: Command = sample::cargo(&with(&["test"], &words));
    cargo.env("CARGO_NET_OFFLINE", "true");
    cargo.env("CARGO_TERM_COLOR", "never");
    let expected = surroundings(&scene.run(cargo).stdout);
    assert!(expected.len() > 20, "{expected:?}");
    let has = |start: &str| expected.iter().any(|line| line.starts_with(start));
    assert!(has("variable SAMPLE_OF_BUILD=of the build script"));
    assert!(has("variable LD_LIBRARY_PATH=") && has("variable CARGO_PKG_VERSION=0.2.0"));
    let command = scene.cargo_itest(&["-p", "other", "--test", "own", "--nocapture"]);
    let seen = surroundings(&scene.run(command).stdout);
    let missing: Vec<_> = expected.difference(&seen).collect();
    let more: Vec<_> = seen.difference(&expected).collect();
    assert!(
        missing.is_empty() && more.is_empty(),
        "missing {missing:?}, more {more:?}"
    );
}

#[test]
fn what_does_not_build_ends_with_101() {
    let scene = Scene::new();
    let ended = scene.run(scene.cargo_itest(&["--test", "no_such_target"]));
    ended.must_exit(101);
    ended.must_say(&["no test target named `no_such_target`"]);
    let ended = scene.run(scene.cargo_itest(&["-p", "other", "--examples", "-F", "broken"]));
    ended.must_exit(101);
    ended.must_say(&["mismatched types", "could not compile `other`"]);
}

#[test]
fn a_command_line_that_cannot_be_followed_ends_with_101() {
    for (words, says) in [
        (&["--exat"][..], "similar name: `--exact`"),
        (&["--doc"], "cargo test --doc"),
        (&["-p"], "needs a value"),
    ] {
        let scene = Scene::new();
        let ended = scene.run(scene.cargo_itest(words));
        ended.must_exit(101);
        ended.must_say(&["error: ", says]);
    }
}

#[test]
fn help_is_there_for_every_flag() {
    let scene = Scene::new();
    let ended = scene.run(scene.cargo_itest(&["--help"]));
    ended.must_exit(0);
    ended.must_say(&[
        "Usage: cargo itest",
        "--cargo-profile NAME",
        "--exact",
        "--require",
    ]);
    let long = ended
        .stdout
        .lines()
        .filter(|line| line.chars().count() > 90);
    assert_eq!(long.count(), 0, "{ended}");
}

#[test]
fn what_there_is_is_shown_without_running_it() {
    let scene = Scene::new();
    let ended = scene.run(scene.cargo_itest(&with(&["list"], &with(&BINARIES, &["t0"]))));
    ended.must_exit(0);
    ended.must_say(&[
        "sample::one t00\n",
        "sample::three t09\n",
        "30 tests in 3 binaries",
    ]);

    let command = scene.cargo_itest(&with(&["fixtures", "--json"], &BINARIES));
    let ended = scene.run(command);
    ended.must_exit(0);
    let fixtures = ended.stdout.lines().map(|line| {
        let fixture: serde_json::Value = serde_json::from_str(line).expect("it is JSON");
        let text = |key: &str| fixture[key].as_str().unwrap_or_default().to_owned();
        (
            text("path"),
            text("scope"),
            fixture["used_by"].as_u64(),
            fixture["binaries"].clone(),
        )
    });
    let db = fixtures.into_iter().find(|(path, ..)| path == "common::db");
    let (_, scope, used_by, binaries) = db.expect("it is there");
    assert_eq!((scope.as_str(), used_by), ("session", Some(200)), "{ended}");
    assert_eq!(binaries, serde_json::json!(["sample::one", "sample::two"]));

    let plan = || {
        let words = [
            "plan", "--json", "--test", "one", "--test", "two", "t0", "gated",
        ];
        let ended = scene.run(scene.cargo_itest(&words));
        ended.must_exit(0);
        ended.stdout
    };
    let first = plan();
    assert_eq!(first, plan(), "it is the same every time");
    let parsed: serde_json::Value = serde_json::from_str(&first).expect("it is JSON");
    let steps = parsed[0]["steps"].as_array().expect("there are steps");
    let setups = steps.iter().filter(|step| step["step"] == "setup");
    assert_eq!(setups.count(), 2, "`server` and `db`, once: {first}");
    assert_eq!(scene.events(), [""; 0], "nothing was run");
    assert!(scene.processes().is_empty());
}

#[test]
fn a_single_binary_shows_its_fixtures_and_plan() {
    let scene = Scene::new();
    let ended = scene.run(scene.binary("one", &["--fixtures"]));
    ended.must_exit(0);
    ended.must_say(&[
        "common::server (session)",
        "asks for server",
        "used by 101 tests",
    ]);
    let ended = scene.run(scene.binary("one", &["--setup-plan", "--exact", "t07"]));
    ended.must_exit(0);
    let expected = "SETUP    S common::server\nSETUP    S common::db\n        \
                    t07 (common::server, common::db)\nTEARDOWN S common::db\n\
                    TEARDOWN S common::server\n";
    assert_eq!(ended.stdout, expected);
    assert_eq!(scene.events(), [""; 0], "nothing was run");
}

#[test]
fn the_doctor_looks_at_what_is_there() {
    let scene = Scene::new();
    let ended = scene.run(scene.cargo_itest(&["doctor"]));
    ended.must_exit(0);
    ended.must_say(&[
        "Toolchain\n  ok    cargo ",
        "nothing runs, nothing was left",
        "PostgreSQL",
    ]);
}

#[test]
fn settings_are_written_once() {
    let scene = Scene::new();
    let project = scene.empty_project();
    let init = |words: &[&str]| {
        let mut command = scene.cargo_itest(&with(&["init"], words));
        command.current_dir(&project);
        let ended = scene.run(command);
        ended.must_exit(0);
        ended.stdout
    };
    assert_eq!(init(&[]).matches("wrote ").count(), 2);
    let file = project.join(".config/itest.toml");
    let written = std::fs::read_to_string(&file).expect("it was written");
    std::fs::write(&file, "# mine\n").expect("it can be written");
    assert_eq!(init(&[]).matches("as it is").count(), 2);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "# mine\n");
    init(&["--force"]);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), written);
}
