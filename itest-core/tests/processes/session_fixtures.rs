//! Session fixtures in their host: beside each other, hanging, and after a violent end.

use libc::{SIGKILL, SIGTERM};

use crate::scene::Scene;

/// Events about fixtures, in order.
fn steps(scene: &Scene, names: &[&str]) -> Vec<String> {
    let is_about = |event: &String| {
        let first = event.split(' ').next();
        first.is_some_and(|first| names.contains(&first))
    };
    scene.events().into_iter().filter(is_about).collect()
}

/// Each of the two waits for the other's start: one after the other they would never end.
#[test]
fn independent_ones_are_set_up_at_the_same_time() {
    let scene = Scene::new();
    let ended = scene.run(scene.binary("together", &["together::", "--test-threads=2"]));
    ended.must_exit(0);
    assert_eq!(ended.counts(), (3, 0), "{ended}");
    let steps = steps(&scene, &["left", "right", "top"]);
    let is_start = |step: &String| step.ends_with("starts");
    assert!(steps[..2].iter().all(is_start), "{steps:?}");
    let end = &steps[steps.len() - 4..];
    assert_eq!(end[..2], ["top up", "top down"], "dependents go first");
    assert!(
        end[2..].iter().all(|step| step.ends_with("down")),
        "{steps:?}"
    );
    scene.nothing_is_left();
}

#[test]
fn what_needs_no_session_fixture_runs_while_one_is_set_up() {
    let scene = Scene::new();
    let ended = scene.run(scene.binary("together", &["meanwhile::", "--test-threads=2"]));
    ended.must_exit(0);
    assert_eq!(ended.counts(), (3, 0), "{ended}");
    assert_eq!(
        scene.events(),
        ["free ran", "slow up"],
        "the setup waits for the test"
    );
}

#[test]
fn lazy_setup_waits_for_a_test() {
    for words in [
        &["--test-threads=1"][..],
        &["--setup=lazy", "--test-threads=2"],
    ] {
        let scene = Scene::new();
        let mut all = vec!["quick::", "asynchronous::a_waits"];
        all.extend(words);
        let running = scene.start(scene.binary("signals", &all));
        scene.wait_for("waits started");
        let up = scene.count("server up");
        scene.open_gate();
        running.wait().must_exit(0);
        assert_eq!(up, 1);
        assert_eq!(scene.ups_and_downs("server"), (1, 1));
    }
}

#[test]
fn one_that_hangs_takes_no_other_with_it() {
    for threads in ["--test-threads=1", "--test-threads=4"] {
        let scene = Scene::new();
        let ended = scene.run(scene.binary("together", &["hanging::", threads]));
        ended.must_exit(101);
        let results = ended.results();
        for test in ["a_hangs", "b_hangs", "c_hangs"] {
            assert_eq!(
                results[format!("hanging::{test}").as_str()],
                "ERROR",
                "{ended}"
            );
        }
        assert_eq!(results["hanging::d_stands"], "ok", "{ended}");
        ended.must_say(&[
            "fixture `hanging::hangs` failed in setup; 2 tests that need it did not run",
            "fixture `hangs` timed out after 300ms",
            "said before it hangs",
            "fixture `hanging::hangs_async` failed in setup",
            "the teardown went wrong",
            "said in the teardown",
        ]);
        assert_eq!(scene.count("hangs starts"), 1, "it is not tried again");
        assert_eq!(scene.ups_and_downs("stands"), (1, 1));
        let steps = steps(&scene, &["stands", "on_it"]);
        assert_eq!(steps, ["stands up", "on_it down", "stands down"]);
        scene.nothing_is_left();
    }
}

#[test]
fn a_teardown_that_hangs_keeps_no_other_waiting() {
    let scene = Scene::new();
    let ended = scene.run(scene.binary("together", &["stuck::"]));
    ended.must_exit(101);
    assert_eq!(ended.counts(), (1, 0), "{ended}");
    ended.must_say(&["stuck::sticks", "timed out after 300ms"]);
    assert_eq!(scene.events(), ["below up", "sticks", "below down"]);
    scene.nothing_is_left();
}

#[test]
fn a_killed_drop_in_process_is_torn_down_after() {
    for signal in [SIGKILL, SIGTERM] {
        let scene = Scene::new();
        let running = scene.start(scene.binary("alone", &["gated"]));
        scene.wait_for("gated started");
        assert_eq!(scene.ups_and_downs("server"), (1, 0));
        running.signal(signal);
        assert_eq!(running.wait().code, None);
        scene.nothing_is_left();
        assert_eq!(scene.ups_and_downs("server"), (1, 1));
    }
}

#[test]
fn a_drop_in_process_that_aborts_is_torn_down_after() {
    let scene = Scene::new();
    let ended = scene.run(scene.binary("alone", &["aborts"]));
    assert_eq!(ended.code, None, "{ended}");
    scene.nothing_is_left();
    assert_eq!(scene.ups_and_downs("server"), (1, 1));
}

#[test]
fn a_drop_in_process_tells_that_its_host_was_killed() {
    let scene = Scene::new();
    let running = scene.start(scene.binary("alone", &["gated"]));
    scene.wait_for("gated started");
    let host = scene.process(|process| process.is_session_host());
    crate::process::signal(host.pid, SIGKILL);
    scene.open_gate();
    let ended = running.wait();
    ended.must_exit(101);
    ended.must_say(&[
        "test gated ... ok",
        "the session host died, the process that holds the session fixtures",
        "it was killed by signal 9 (SIGKILL)",
    ]);
    scene.nothing_is_left();
}

#[test]
fn a_drop_in_teardown_error_fails_the_process() {
    let scene = Scene::new();
    let ended = scene.run(scene.binary("alone", &["broken::"]));
    ended.must_exit(101);
    ended.must_say(&[
        "test broken::uses ... ok",
        "fixture `broken::breaks` failed in teardown",
        "it does not come down",
        "said at the end",
    ]);
    assert!(!ended.says("said when it is set up"), "{ended}");
    scene.nothing_is_left();
}

/// Nobody is there any more to be told, so the next run is.
#[test]
fn a_teardown_error_after_the_run_is_told_by_the_next() {
    let scene = Scene::new();
    let Some(mut command) = scene.nextest("run", &["alone"]) else {
        return;
    };
    command.arg("broken::");
    scene.run(command).must_exit(0);
    scene.nothing_is_left();
    scene.open_gate();
    let next = scene.run(scene.binary("alone", &["gated"]));
    next.must_exit(0);
    next.must_say(&[
        "of an earlier run, after its end",
        "fixture `broken::breaks` failed in teardown",
        "it does not come down",
        "said at the end",
    ]);
    let last = scene.run(scene.binary("alone", &["gated"]));
    last.must_exit(0);
    assert!(!last.says("earlier run"), "{last}");
    scene.nothing_is_left();
}

/// As `cargo itest init` writes it.
const LAST: &str = "
[[profile.default.overrides]]
filter = 'test(=zz_itest::teardown)'
priority = -100
threads-required = 'num-test-threads'
retries = 0
";

#[test]
fn a_last_test_of_nextest_tears_down_and_fails_the_run() {
    let scene = Scene::new();
    let Some(mut command) = scene.nextest("run", &["one", "two", "alone"]) else {
        return;
    };
    scene.write("nextest.toml", LAST);
    command
        .arg("--config-file")
        .arg(scene.path_of("nextest.toml"));
    command.args(["--test-threads=4", "--retries=1", "-E"]);
    command.arg("test(/^t0/) + test(/^broken::/) + test(/^zz_itest/)");
    command.env("ITEST_NEXTEST_TEARDOWN", "1");
    let ended = scene.run(command);
    ended.must_exit(100);
    // That of the second binary finds nothing to do.
    ended.must_say(&[
        "23 tests run: 22 passed, 1 failed",
        "fixture `broken::breaks` failed in teardown",
        "it does not come down",
        "said at the end",
    ]);
    let steps = ["server up", "db up", "db down", "server down"];
    let events = scene.events();
    let seen = events.iter().filter(|event| steps.contains(&&***event));
    assert_eq!(seen.collect::<Vec<_>>(), steps);
    let next = scene.run(scene.binary("alone", &["plain"]));
    assert!(!next.says("earlier run"), "{next}");
    scene.nothing_is_left();
}

#[test]
fn a_last_test_that_is_not_last_takes_nothing_from_others() {
    let scene = Scene::new();
    let Some(mut command) = scene.nextest("run", &["one"]) else {
        return;
    };
    command.arg("gated");
    let running = scene.start(command);
    scene.wait_for("gated started");
    let said = scene.stderr();
    let (_, id) = said.split_once("Nextest run ID ").expect("it is told");
    let id = id.split_whitespace().next().expect("it follows");
    const NAME: &str = "zz_itest::teardown";
    let mut last = scene.binary("one", &["--exact", NAME, "--nocapture"]);
    last.env("NEXTEST_RUN_ID", id)
        .env("NEXTEST_TEST_NAME", NAME);
    let refused = scene.run(last);
    refused.must_exit(101);
    refused.must_say(&["other tests use them", "priority = -100"]);
    scene.open_gate();
    running.wait().must_exit(0);
    scene.nothing_is_left();
    assert_eq!(scene.ups_and_downs("server"), (1, 1));
}
