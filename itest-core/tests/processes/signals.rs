//! Signals to each process of a run, in the middle of a test.

use libc::{SIGINT, SIGKILL, SIGTERM};

use crate::scene::Scene;

const ASYNC: &str = "asynchronous::";
const SYNC: &str = "blocking::";

/// All that was set up was torn down, once, the narrower first.
fn all_torn_down(scene: &Scene) {
    let events = scene.events();
    let steps: Vec<&str> = events.iter().map(String::as_str).collect();
    let steps: Vec<&str> = steps
        .into_iter()
        .filter(|step| !step.contains("started"))
        .collect();
    let expected = [
        "server up",
        "table up",
        "row up",
        "row down",
        "table down",
        "server down",
    ];
    assert_eq!(steps, expected);
}

#[test]
fn an_interrupt_cancels_and_tears_down() {
    for (signal, code) in [(SIGINT, 130), (SIGTERM, 143)] {
        for threads in ["--test-threads=1", "--test-threads=2"] {
            let scene = Scene::new();
            let running = scene.start(scene.binary("signals", &[ASYNC, threads]));
            scene.wait_for("waits started");
            running.signal(signal);
            let ended = running.wait();
            ended.must_exit(code);
            assert_eq!(
                ended.results()["asynchronous::a_waits"],
                "FAILED",
                "{ended}"
            );
            assert_eq!(ended.counts(), (0, 1), "{ended}");
            ended.must_say(&["interrupted", "test result: FAILED."]);
            all_torn_down(&scene);
            scene.nothing_is_left();
        }
    }
}

#[test]
fn an_interrupt_in_process_does_too() {
    let scene = Scene::new();
    let words = [ASYNC, "--in-process", "--test-threads=2"];
    let running = scene.start(scene.binary("signals", &words));
    scene.wait_for("waits started");
    running.signal(SIGINT);
    let ended = running.wait();
    ended.must_exit(130);
    all_torn_down(&scene);
}

#[test]
fn an_interrupt_ends_what_does_not_yield() {
    let scene = Scene::new();
    let running = scene.start(scene.binary("signals", &[SYNC]));
    scene.wait_for("blocks started");
    running.signal(SIGINT);
    let ended = running.wait();
    ended.must_exit(130);
    assert_eq!(ended.counts(), (0, 1), "{ended}");
    assert_eq!(scene.count("server down"), 1);
    scene.nothing_is_left();
}

#[test]
fn a_second_interrupt_ends_at_once() {
    let scene = Scene::new();
    let running = scene.start(scene.binary("signals", &[SYNC]));
    scene.wait_for("blocks started");
    running.signal(SIGINT);
    let told = crate::scene::until(crate::scene::LIMIT, || {
        scene.stderr().contains("once more").then_some(())
    });
    running.signal(SIGINT);
    let ended = running.wait();
    assert!(told.is_some(), "{ended}");
    ended.must_exit(130);
    scene.nothing_is_left();
}

#[test]
fn workers_of_a_killed_dispatcher_finish_and_tear_down() {
    let scene = Scene::new();
    let running = scene.start(scene.binary("signals", &[SYNC]));
    scene.wait_for("blocks started");
    running.signal(SIGKILL);
    assert_eq!(running.wait().code, None);
    scene.open_gate();
    scene.nothing_is_left();
    for fixture in ["row", "table", "server"] {
        let (ups, downs) = scene.ups_and_downs(fixture);
        assert!(ups > 0 && ups == downs, "{fixture}: {:?}", scene.events());
    }
}

#[test]
fn workers_of_a_killed_dispatcher_start_no_test() {
    let scene = Scene::new();
    let running = scene.start(scene.binary("signals", &[SYNC]));
    scene.wait_for("blocks started");
    running.signal(SIGKILL);
    running.wait();
    scene.open_gate();
    scene.nothing_is_left();
    let events = scene.events();
    let next = events
        .iter()
        .find(|event| event.starts_with("after started"));
    assert_eq!(next, None, "{events:?}");
}

#[test]
fn a_killed_dispatchers_session_outlives_its_workers() {
    let scene = Scene::new();
    let running = scene.start(scene.binary("signals", &[SYNC]));
    scene.wait_for("blocks started");
    running.signal(SIGKILL);
    running.wait();
    scene.open_gate();
    scene.nothing_is_left();
    all_torn_down(&scene);
}

#[test]
fn an_async_test_of_a_killed_dispatcher_is_cancelled() {
    let scene = Scene::new();
    let running = scene.start(scene.binary("signals", &[ASYNC]));
    scene.wait_for("waits started");
    running.signal(SIGKILL);
    running.wait();
    scene.nothing_is_left();
    for fixture in ["row", "table", "server"] {
        assert_eq!(scene.ups_and_downs(fixture), (1, 1), "{fixture}");
    }
}

#[test]
fn a_killed_dispatcher_leaves_nothing() {
    for tests in [ASYNC, SYNC] {
        let scene = Scene::new();
        let running = scene.start(scene.binary("signals", &[tests, "quick::"]));
        scene.wait_for(if tests == ASYNC {
            "waits started"
        } else {
            "blocks started"
        });
        running.signal(SIGKILL);
        running.wait();
        // What waits at a closed gate gets some time, and is killed.
        scene.nothing_is_left();
        assert_eq!(scene.ups_and_downs("server"), (1, 1));
    }
}

#[test]
fn a_killed_worker_fails_its_test_and_no_other() {
    for threads in ["--test-threads=1", "--test-threads=2", "--test-threads=8"] {
        for (tests, victim, event) in [
            (ASYNC, "asynchronous::a_waits", "waits started"),
            (SYNC, "blocking::a_blocks", "blocks started"),
        ] {
            let scene = Scene::new();
            let words = [tests, "quick::", threads];
            let running = scene.start(scene.binary("signals", &words));
            let worker = scene.wait_for(event);
            crate::process::signal(worker, SIGKILL);
            let ended = running.wait();
            ended.must_exit(101);
            assert_eq!(ended.results()[victim], "FAILED", "{ended}");
            assert!(
                ended
                    .section(victim)
                    .contains("killed by signal 9 (SIGKILL)"),
                "{ended}"
            );
            assert_eq!(ended.counts(), (9, 1), "{ended}");
            assert_eq!(scene.ups_and_downs("server"), (1, 1));
            scene.nothing_is_left();
        }
    }
}

#[test]
fn a_killed_session_host_fails_the_run() {
    let scene = Scene::new();
    let running = scene.start(scene.binary("signals", &[SYNC, "--test-threads=1"]));
    scene.wait_for("blocks started");
    let host = scene.process(|process| process.is_session_host());
    crate::process::signal(host.pid, SIGKILL);
    scene.open_gate();
    let ended = running.wait();
    ended.must_exit(101);
    ended.must_say(&["the session host died", "killed by signal 9 (SIGKILL)"]);
    scene.nothing_is_left();
}

#[test]
fn an_interrupted_nextest_tears_down() {
    for signal in [SIGINT, SIGTERM] {
        let scene = Scene::new();
        let Some(mut command) = scene.nextest("run", &["signals"]) else {
            return;
        };
        command.arg(ASYNC);
        let running = scene.start(command);
        scene.wait_for("waits started");
        running.signal(signal);
        let ended = running.wait();
        assert_ne!(ended.code, Some(0), "{ended}");
        scene.nothing_is_left();
        assert_eq!(scene.ups_and_downs("server"), (1, 1), "{ended}");
        for fixture in ["row", "table"] {
            let (ups, downs) = scene.ups_and_downs(fixture);
            assert_eq!(ups, downs, "{fixture}; {ended}");
        }
    }
}

#[test]
fn the_host_of_a_killed_nextest_tears_down() {
    let scene = Scene::new();
    let Some(mut command) = scene.nextest("run", &["signals"]) else {
        return;
    };
    command.arg(SYNC);
    let running = scene.start(command);
    scene.wait_for("blocks started");
    running.signal(SIGKILL);
    running.wait();
    // The test is an orphan now, and has its lease until it ends.
    assert_eq!(scene.count("server down"), 0);
    scene.open_gate();
    scene.nothing_is_left();
    let events = scene.events();
    assert_eq!(
        events.last().map(String::as_str),
        Some("server down"),
        "{events:?}"
    );
    assert_eq!(scene.ups_and_downs("server"), (1, 1));
}

/// The runner is killed just before the first test asks for a session fixture.
#[test]
fn a_host_that_is_started_too_late_ends_too() {
    let scene = Scene::new();
    let test = "quick::q0";
    // The shell plays the runner; what it leaves waits until it is gone.
    let script = "(until [ -e \"${SAMPLE_EVENTS}.gate\" ]; do sleep 0.01; done; \
                  exec \"$0\" --exact \"$1\" --nocapture) &";
    let mut command = std::process::Command::new("sh");
    crate::scene::without_runner(&mut command);
    command
        .args(["-c", script])
        .arg(crate::sample::binary("signals"))
        .arg(test)
        .env("NEXTEST", "1")
        .env("NEXTEST_RUN_ID", "6b2d5a0e-0000-4000-8000-000000000001")
        .env("NEXTEST_TEST_NAME", test);
    scene.run(command).must_exit(0);
    scene.open_gate();
    scene.wait_for("server up");
    scene.nothing_is_left();
    assert_eq!(scene.ups_and_downs("server"), (1, 1));
}

#[test]
fn a_killed_session_host_is_told_under_nextest() {
    let scene = Scene::new();
    let Some(mut command) = scene.nextest("run", &["one"]) else {
        return;
    };
    command.arg("--test-threads=1");
    let running = scene.start(command);
    scene.wait_for("gated started");
    let host = scene.process(|process| process.is_session_host());
    crate::process::signal(host.pid, SIGKILL);
    scene.open_gate();
    let ended = running.wait();
    ended.must_exit(100);
    ended.must_say(&[
        "fixture `common::server` failed in setup",
        "the session host died, the process that holds the session fixtures",
    ]);
    // Its reaper removes what it left when the run has ended.
    scene.nothing_is_left();
}
