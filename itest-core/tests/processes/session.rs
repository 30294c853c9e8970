//! Session fixtures: once per binary under `cargo test`, once per run under nextest.

use crate::scene::{Ended, Scene};

/// Tests in `one`, `two` and `three` together; the gate is open.
const TESTS: usize = 301;
const BINARIES: [&str; 3] = ["one", "two", "three"];

#[test]
fn one_session_for_a_binary() {
    for target in BINARIES {
        let scene = Scene::new();
        scene.open_gate();
        let ended = scene.run(scene.binary(target, &["--test-threads=8"]));
        ended.must_exit(0);
        assert_eq!(
            ended.counts(),
            (100 + usize::from(target == "one"), 0),
            "{ended}"
        );
        check_session(&scene, 1);
        scene.nothing_is_left();
    }
}

#[test]
fn one_session_for_each_binary_of_cargo_test() {
    let scene = Scene::new();
    scene.open_gate();
    let ended = scene.run(scene.cargo_test(&BINARIES));
    ended.must_exit(0);
    assert_eq!(passed(&ended), TESTS, "{ended}");
    check_session(&scene, BINARIES.len());
    scene.nothing_is_left();
}

#[test]
fn one_session_for_a_whole_cargo_test_if_it_is_to_be_shared() {
    let scene = Scene::new();
    scene.open_gate();
    let mut command = scene.cargo_test(&BINARIES);
    command.env("ITEST_SHARE", "cargo");
    let ended = scene.run(command);
    ended.must_exit(0);
    assert_eq!(passed(&ended), TESTS, "{ended}");
    // The host learns that cargo is gone, tears down and goes.
    scene.nothing_is_left();
    check_session(&scene, 1);
}

#[test]
fn each_binary_of_a_shared_session_hears_of_what_its_tests_have_set_up() {
    let scene = Scene::new();
    scene.open_gate();
    let mut command = scene.cargo_test(&["one", "then"]);
    command.env("ITEST_SHARE", "cargo");
    command.args(["--", "--setup-show", "gated"]);
    let ended = scene.run(command);
    ended.must_exit(0);
    // Both are set up in the host that the first binary has started.
    let (one, then) = ended
        .stdout
        .split_once("test gated ... ok")
        .expect("it has run");
    let told = |text: &str| {
        ["server", "db"].map(|name| text.contains(&format!("SETUP    S common::{name}")))
    };
    assert_eq!(
        [told(one), told(then)],
        [[true, false], [false, true]],
        "{ended}"
    );
    scene.nothing_is_left();
    check_session(&scene, 1);
}

#[test]
fn a_shared_session_ends_with_cargo_however_that_ends() {
    let scene = Scene::new();
    let mut command = scene.cargo_test(&BINARIES);
    command.env("ITEST_SHARE", "cargo");
    let running = scene.start(command);
    scene.wait_for("gated started");
    running.signal(libc::SIGKILL);
    scene.open_gate();
    running.wait();
    scene.nothing_is_left();
    check_session(&scene, 1);
}

/// In all binaries.
fn passed(ended: &Ended) -> usize {
    let lines = ended.stdout.lines();
    lines.filter(|line| line.ends_with(" ... ok")).count()
}

/// All of `db` and `server` happened so often, in order.
fn check_session(scene: &Scene, times: usize) {
    let steps = ["server up", "db up", "db down", "server down"];
    let session = |event: &String| steps.contains(&event.as_str());
    let seen: Vec<String> = scene.events().into_iter().filter(session).collect();
    assert_eq!(seen, steps.repeat(times));
}

#[test]
fn one_session_for_a_nextest_run_of_three_binaries() {
    let scene = Scene::new();
    scene.open_gate();
    let Some(command) = scene.nextest("run", &BINARIES) else {
        return;
    };
    let ended = scene.run(command);
    ended.must_exit(0);
    ended.must_say(&[&format!("{TESTS} tests run: {TESTS} passed")]);
    assert!(!ended.says("LEAK") && !ended.says("leaky"), "{ended}");
    // The host learns that the runner is gone, tears down and goes.
    scene.nothing_is_left();
    check_session(&scene, 1);
}

#[test]
fn two_nextest_runs_have_a_session_each() {
    let scene = Scene::new();
    scene.open_gate();
    for _ in 0..2 {
        let Some(command) = scene.nextest("run", &["two"]) else {
            return;
        };
        scene.run(command).must_exit(0);
        scene.nothing_is_left();
    }
    check_session(&scene, 2);
}

#[test]
fn the_session_stands_while_the_run_goes_on() {
    let scene = Scene::new();
    let Some(command) = scene.nextest("run", &BINARIES) else {
        return;
    };
    let running = scene.start(command);
    scene.wait_for("gated started");
    let host = scene.process(|process| process.is_session_host());
    scene.open_gate();
    running.wait().must_exit(0);
    scene.nothing_is_left();
    let events = scene.events_of();
    let of_host = events.iter().filter(|(pid, _)| *pid == host.pid).count();
    assert_eq!(of_host, 4, "one host does it all: {events:?}");
}

#[test]
fn a_setup_that_fails_is_reported_with_its_output() {
    for threads in ["--test-threads=1", "--test-threads=8"] {
        let scene = Scene::new();
        let ended = scene.run(scene.binary("broken", &[threads]));
        ended.must_exit(101);
        let results = ended.results();
        let words = ["a_fails", "b_fails", "c_passes"].map(|test| results[test]);
        assert_eq!(words, ["ERROR", "ERROR", "ok"], "{ended}");
        ended.must_say(&["fixture `broken` failed in setup", "no route to"]);
        assert_eq!(
            scene.ups_and_downs("broken"),
            (1, 0),
            "it is not tried again"
        );
        assert_eq!(scene.ups_and_downs("server"), (1, 1));
        scene.nothing_is_left();
    }
}

#[test]
fn the_output_of_a_failing_session_setup_is_shown() {
    let scene = Scene::new();
    let ended = scene.run(scene.binary("broken", &["--test-threads=2"]));
    ended.must_say(&["what the setup printed"]);
    assert!(!ended.says("noise of the server"), "{ended}");
}

#[test]
fn a_setup_that_fails_is_reported_under_nextest() {
    let scene = Scene::new();
    let Some(command) = scene.nextest("run", &["broken"]) else {
        return;
    };
    let ended = scene.run(command);
    ended.must_exit(100);
    ended.must_say(&[
        "3 tests run: 1 passed, 2 failed",
        "fixture `broken` failed in setup",
        "no route to",
        "what the setup printed",
    ]);
    scene.nothing_is_left();
    assert_eq!(
        scene.ups_and_downs("broken"),
        (1, 0),
        "it is not tried again"
    );
    assert_eq!(scene.ups_and_downs("server"), (1, 1));
}
