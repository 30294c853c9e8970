//! Fixtures that take their process with them: what is said of it, and of whom.

use crate::scene::{Ended, Scene};

fn run(words: &[&str]) -> Ended {
    let scene = Scene::new();
    let ended = scene.run(scene.binary("deaths", words));
    ended.must_exit(101);
    scene.nothing_is_left();
    ended
}

fn result<'a>(ended: &'a Ended, test: &str) -> &'a str {
    let result = ended.results().get(test).copied();
    result.unwrap_or_else(|| panic!("`{test}` has no result; {ended}"))
}

#[test]
fn a_setup_that_kills_its_process_is_an_error_of_the_fixture() {
    for threads in ["--test-threads=1", "--test-threads=4"] {
        let ended = run(&["setup::", threads]);
        for (test, is) in [
            ("setup::a_before", "ok"),
            ("setup::b_aborts", "ERROR"),
            ("setup::c_between", "ok"),
            ("setup::d_exits[one]", "ERROR"),
            ("setup::e_hangs", "ERROR"),
            ("setup::f_after", "ok"),
        ] {
            assert_eq!(result(&ended, test), is, "{test}; {ended}");
        }
        ended.must_say(&[
            "error: fixture `setup::aborts` failed in setup",
            "--> tests/deaths.rs:14",
            "caused by: the test process was killed by signal 6 (SIGABRT, abort)",
            "about to abort",
            "error: fixture `setup::exits[one]` failed in setup",
            "caused by: the test process exited with code 3",
            "error: fixture `setup::hangs` failed in setup",
            "200",
        ]);
    }
}

#[test]
fn reports_name_the_fixture_that_killed_its_process() {
    let scene = Scene::new();
    let (events, junit) = (scene.path_of("events"), scene.path_of("junit.xml"));
    let mut command = scene.binary("deaths", &["setup::b_aborts"]);
    command.arg("--junit").arg(&junit);
    command.arg("--events").arg(events.with_extension("jsonl"));
    scene.run(command).must_exit(101);
    let junit = std::fs::read_to_string(junit).expect("it was written");
    let events = std::fs::read_to_string(events.with_extension("jsonl")).expect("it was written");
    let setup = events
        .lines()
        .find(|line| line.contains("\"setup-finished\""));
    assert!(
        setup.is_some_and(|line| line.contains("SIGABRT") && line.contains("about to abort")),
        "{events}"
    );
    for (what, text) in [("junit", junit), ("events", events)] {
        for part in ["setup::aborts", "tests/deaths.rs:14", "SIGABRT"] {
            assert!(text.contains(part), "{what} does not say {part:?}: {text}");
        }
    }
}

#[test]
fn a_teardown_that_kills_its_process_is_named() {
    let ended = run(&["own_teardown::"]);
    assert_eq!(
        result(&ended, "own_teardown::a_victim"),
        "FAILED",
        "{ended}"
    );
    assert_eq!(result(&ended, "own_teardown::b_after"), "ok", "{ended}");
    let section = ended.section("own_teardown::a_victim");
    for text in [
        "about to exit",
        "the test process exited with code 0 while it tore down the fixture `own_teardown::row` \
         (tests/deaths.rs:",
    ] {
        assert!(section.contains(text), "no {text:?} in {section}; {ended}");
    }
}

#[test]
fn a_body_that_kills_its_process_is_not_charged_to_a_fixture() {
    let ended = run(&["body::"]);
    let section = ended.section("body::aborts");
    assert!(
        section.contains("abort) in the middle of the test"),
        "{ended}"
    );
    assert!(!ended.says("quiet"), "{ended}");
}

/// The test that comes next is in the same process, and has not begun.
#[test]
fn a_wide_teardown_that_kills_its_process_costs_no_test() {
    let ended = run(&["wide::", "--test-threads=1"]);
    assert_eq!(ended.counts(), (3, 0), "{ended}");
    ended.must_say(&[
        "error: module fixture `wide::first::table` failed in teardown of `wide::first`",
        "SIGABRT",
        "  --> tests/deaths.rs:",
        "about to tear down the table",
    ]);
}

#[test]
fn a_worker_that_dies_in_its_last_teardown_names_the_fixture() {
    let ended = run(&["at_the_end::"]);
    assert_eq!(ended.counts(), (1, 0), "{ended}");
    ended.must_say(&[
        "error: worker fixture `at_the_end::pool` failed in teardown",
        "SIGABRT",
        "  --> tests/deaths.rs:",
    ]);
}

#[test]
fn a_session_fixture_that_kills_its_host_is_named() {
    let ended = run(&["session::a_start"]);
    assert_eq!(result(&ended, "session::a_start"), "ERROR", "{ended}");
    ended.must_say(&[
        "(SIGABRT, abort), in the setup of `session::dies_at_once` (tests/deaths.rs:",
        "service dies",
    ]);
    let ended = run(&["session::b_end"]);
    assert_eq!(result(&ended, "session::b_end"), "ok", "{ended}");
    ended.must_say(&[
        "(SIGABRT, abort), in the teardown of `session::dies_at_last` (tests/deaths.rs:",
    ]);
}

#[test]
fn the_call_is_shown_between_setup_and_teardown() {
    let scene = Scene::new();
    let ended = scene.run(scene.binary("deaths", &["body::", "--setup-show"]));
    ended.must_exit(101);
    let steps = ["SETUP    T body::quiet", "CALL     body::aborts"];
    let places = steps.map(|step| ended.stdout.find(step));
    assert!(
        places[0].is_some() && places[0] < places[1],
        "{places:?}; {ended}"
    );
}
