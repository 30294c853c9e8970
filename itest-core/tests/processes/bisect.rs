//! `cargo itest bisect`: tests that make another fail.

use crate::scene::{Ended, Scene};

const POLLUTED: [&str; 3] = ["bisect", "--test", "polluted"];

fn bisect(scene: &Scene, words: &[&str]) -> Ended {
    scene.run(scene.cargo_itest(&[&POLLUTED, words].concat()))
}

/// The lines about runs, without their numbers.
fn runs(ended: &Ended) -> Vec<&str> {
    let lines = ended
        .stdout
        .lines()
        .filter_map(|line| line.strip_prefix("  run "));
    let runs = lines.map(|line| line.split_once(": ").map_or(line, |(_, run)| run));
    runs.collect()
}

/// The command at the end.
fn command(ended: &Ended) -> Vec<String> {
    let line = ended.stdout.lines().next_back().unwrap_or_default();
    let line = line.trim_start();
    assert!(line.starts_with("cargo test "), "{ended}");
    line.split(' ').skip(2).map(str::to_owned).collect()
}

/// What is printed at the end does what it says.
fn check_command(scene: &Scene, ended: &Ended, expected: &[&str], result: &str) {
    let words = command(ended);
    let tail = words[words.len() - expected.len()..].to_vec();
    assert_eq!(tail, expected, "{ended}");
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let mut cargo = crate::sample::cargo(&[&["test", "--offline"], &words[..]].concat());
    cargo.env("ITEST_HISTORY", "0");
    let ended = scene.run(cargo);
    ended.must_exit(101);
    ended.must_say(&[result]);
}

#[test]
fn one_of_five_hundred_is_found() {
    let scene = Scene::new();
    let ended = bisect(&scene, &["victims::of_one"]);
    ended.must_exit(0);
    ended.must_say(&[
        "`victims::of_one` of `sample::polluted`: 501 tests run before it",
        "  run 1: alone ... ok\n  run 2: behind 501 tests ... FAILED\n",
        "`m7::t31` makes `victims::of_one` fail:",
        "something is there",
    ]);
    let runs = runs(&ended);
    assert!(runs.len() <= 2 + 9 + 1 + 4, "{ended}");
    let confirmed = ["behind 1 test ... FAILED", "alone ... ok"].repeat(2);
    assert_eq!(runs[runs.len() - 4..], confirmed, "{ended}");
    let tail = ["--in-order", "m7::t31", "victims::of_one"];
    check_command(&scene, &ended, &tail, "1 passed; 1 failed");
    scene.nothing_is_left();
}

#[test]
fn two_that_are_needed_together_are_found() {
    let scene = Scene::new();
    let ended = bisect(&scene, &["of_two"]);
    ended.must_exit(0);
    ended.must_say(&["`m2::t05`, `m9::t49` together make `victims::of_two` fail:"]);
    assert!(runs(&ended).len() <= 2 + 2 * 10 + 2 + 4, "{ended}");
    let tail = ["--in-order", "m2::t05", "m9::t49", "victims::of_two"];
    check_command(&scene, &ended, &tail, "2 passed; 1 failed");
}

/// A test that runs first by itself, and later where the order is random.
#[test]
fn a_test_that_comes_later_in_another_order_is_found() {
    let scene = Scene::new();
    let ended = bisect(&scene, &["fails_if_it_is_later"]);
    ended.must_exit(0);
    ended.must_say(&["0 tests run before it", "`m7::t31` makes `first::"]);
    assert_eq!(runs(&ended)[1], "behind 505 tests ... FAILED", "{ended}");

    // Of a seed with which the test really fails.
    let fails = |seed: &u32| {
        let shuffle = format!("--shuffle={seed}");
        let ended = scene.run(scene.binary("polluted", &["--test-threads=1", &shuffle]));
        ended.says("    first::fails_if_it_is_later\n")
    };
    let seed = (1..20).find(fails).expect("some seed has it later");
    let shuffle = format!("--shuffle={seed}");
    // The binary's order is the same, whatever runs beside it.
    let ended = bisect(
        &scene,
        &["--test", "marked", &shuffle, "fails_if_it_is_later"],
    );
    ended.must_exit(0);
    assert!(!ended.says(": 0 tests run before it"), "{ended}");
    assert!(runs(&ended)[1].ends_with("FAILED"), "{ended}");
    ended.must_say(&["`m7::t31` makes `first::"]);
}

#[test]
fn an_order_of_the_user_s_own_is_narrowed() {
    let scene = Scene::new();
    let order = [
        "m0::t00",
        "m9::t49",
        "m1::t11",
        "m2::t05",
        "victims::of_two",
    ];
    let ended = bisect(&scene, &[&["--in-order"], &order[..]].concat());
    ended.must_exit(0);
    ended.must_say(&["`m9::t49`, `m2::t05` together make `victims::of_two` fail:"]);

    let ended = bisect(&scene, &["--in-order", "m9::t48", "victims::of_two"]);
    ended.must_exit(1);
}

#[test]
fn a_test_that_fails_alone_is_told() {
    let scene = Scene::new();
    let mut command = scene.cargo_itest(&[&POLLUTED[..], &["of_itself"]].concat());
    command.env("SAMPLE_FAILS", "1");
    let ended = scene.run(command);
    ended.must_exit(1);
    ended.must_say(&[
        "  run 1: alone ... FAILED\n",
        "`victims::of_itself` fails alone: no other test is needed for it",
        "it is told to",
        "--exact victims::of_itself\n",
    ]);
    assert_eq!(runs(&ended).len(), 1, "{ended}");
}

#[test]
fn a_test_that_never_fails_is_told() {
    let scene = Scene::new();
    let ended = bisect(&scene, &["of_nobody"]);
    ended.must_exit(1);
    ended.must_say(&[
        "`victims::of_nobody` did not fail: nothing is found",
        "--shuffle=SEED",
    ]);
    assert_eq!(runs(&ended).len(), 3, "{ended}");
}

/// It fails in the run with all tests, and in some others, whatever runs before it.
#[test]
fn a_failure_by_chance_is_told() {
    let scene = Scene::new();
    let directory = scene.path_of("chance");
    scene.write("chance/fails", "1,2,3,4,5,6,7,8,9,10");
    let mut command = scene.cargo_itest(&[&POLLUTED[..], &["of_chance"]].concat());
    command.env("SAMPLE_CHANCE", &directory);
    let ended = scene.run(command);
    ended.must_exit(1);
    ended.must_say(&["`victims::of_chance` fails by chance"]);
}

#[test]
fn tests_of_libtest_are_bisected_in_its_order() {
    let scene = Scene::new();
    let drop_in = |words: &[&str]| {
        let words = [&["bisect", "--test", "polluted_drop_in"], words].concat();
        scene.run(scene.cargo_itest(&words))
    };
    let ended = drop_in(&["d_fails"]);
    ended.must_exit(0);
    ended.must_say(&[
        "3 tests run before it",
        "`b_leaves_something` makes `d_fails_behind_b` fail:",
        "something is there",
    ]);
    let tail = [
        "--test-threads=1",
        "--exact",
        "b_leaves_something",
        "d_fails_behind_b",
    ];
    check_command(&scene, &ended, &tail, "1 passed; 1 failed");
    let ended = drop_in(&["c_leaves"]);
    ended.must_exit(1);
    ended.must_say(&["libtest with one thread runs tests in the order of their names"]);
    let ended = drop_in(&["--in-order", "b_leaves_something", "d_fails_behind_b"]);
    ended.must_exit(101);
    ended.must_say(&["in the order of their names"]);
}

#[test]
fn a_test_that_is_not_there_is_told() {
    let scene = Scene::new();
    for (words, says) in [
        (&["of_oen"][..], "similar name: `victims::of_one`"),
        (
            &["victims::of_on", "--exact"],
            "similar name: `victims::of_one`",
        ),
        (&["zzzzzz"], "`cargo itest list` shows the tests"),
        (&["t31"], "10 tests are called `t31`"),
        (&["victims::ignored"], "`victims::ignored` is ignored"),
        (&["of_one", "of_two"], "one test at a time"),
        (&[], "which test? none is known to have failed"),
    ] {
        let mut command = scene.cargo_itest(&[&POLLUTED[..], words].concat());
        command.env("ITEST_HISTORY", scene.path_of("history"));
        let ended = scene.run(command);
        ended.must_exit(101);
        ended.must_say(&["error: ", says]);
        assert!(runs(&ended).is_empty(), "{ended}");
    }
}

/// Without a name, the test that failed the last time.
#[test]
fn the_test_that_failed_last_is_bisected() {
    let scene = Scene::new();
    let with_history = |words: &[&str]| {
        let mut command = scene.cargo_itest(words);
        command.env("ITEST_HISTORY", scene.path_of("history"));
        scene.run(command)
    };
    let words = ["--test", "polluted", "--test-threads=1", "--skip=of_two"];
    with_history(&words).must_exit(101);
    let ended = with_history(&POLLUTED);
    ended.must_exit(0);
    ended.must_say(&["`m7::t31` makes `victims::of_one` fail:"]);
}

/// The first signal ends the run that is under way in order.
#[test]
fn an_interrupt_ends_it() {
    let scene = Scene::new();
    let command = scene.cargo_itest(&["bisect", "--test", "signals", "asynchronous::a_waits"]);
    let running = scene.start(command);
    scene.wait_for("waits started");
    running.signal(libc::SIGINT);
    let ended = running.wait();
    ended.must_exit(130);
    scene.nothing_is_left();
    assert_eq!(scene.ups_and_downs("server"), (1, 1), "{ended}");
}

/// What `--events` wrote tells which test failed, and what ran before it.
#[test]
fn the_order_of_a_recorded_run_is_narrowed() {
    let scene = Scene::new();
    let events = scene.path_of("events.jsonl");
    let events = events.to_str().expect("the path is text");
    let order = [
        "m0::t00",
        "m7::t31",
        "m0::t01",
        "first::fails_if_it_is_later",
    ];
    let words = [
        "test",
        "--offline",
        "--test",
        "polluted",
        "--",
        "--events",
        events,
    ];
    let words = [&words[..], &["--in-order"], &order].concat();
    let mut cargo = crate::sample::cargo(&words);
    cargo.env("ITEST_HISTORY", "0");
    scene.run(cargo).must_exit(101);

    let ended = bisect(&scene, &["--from", events]);
    ended.must_exit(0);
    ended.must_say(&[
        "`first::fails_if_it_is_later` of `sample::polluted`: 3 tests run before it",
        "`m7::t31` makes `first::fails_if_it_is_later` fail:",
    ]);
    let tail = ["--in-order", "m7::t31", "first::fails_if_it_is_later"];
    check_command(&scene, &ended, &tail, "1 passed; 1 failed");

    for (words, says) in [
        (
            &["--from", events, "m0::t00"][..],
            "no test called `m0::t00` failed in this run",
        ),
        (
            &["--from", events, "--in-order", "m0::t00"],
            "both say in which order",
        ),
        (
            &["--from", "nothing.jsonl"],
            "`nothing.jsonl`: No such file",
        ),
    ] {
        let ended = bisect(&scene, words);
        ended.must_exit(101);
        ended.must_say(&[says]);
    }
    let elsewhere = ["bisect", "--test", "one", "--from", events];
    let ended = scene.run(scene.cargo_itest(&elsewhere));
    ended.must_exit(101);
    ended.must_say(&["`sample::polluted` is not in the selection"]);
    scene.nothing_is_left();
}
