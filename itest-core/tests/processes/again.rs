//! Order and repetition of tests from outside: `--shuffle`, `--failed-first`, `--repeat`,
//! `--until-fail`.

use std::process::Command;

use crate::scene::Scene;

fn again(scene: &Scene, words: &[&str]) -> Command {
    let mut command = scene.binary("again", words);
    command.env("ITEST_HISTORY", scene.path_of("history"));
    command.env("CARGO_PKG_NAME", "sample");
    command
}

/// The tests of the scene as they ran since so many events.
fn order(scene: &Scene, since: usize) -> Vec<String> {
    let tests = ["one", "two", "three", "four", "five", "third_fails"];
    let mut events = scene.events().split_off(since);
    events.retain(|event| tests.contains(&event.as_str()));
    events
}

/// Everything but `flaky`.
const STABLE: [&str; 3] = ["--skip=flaky", "--test-threads=1", "--color=never"];

#[test]
fn a_shuffled_order_is_printed_and_replayed() {
    for manner in ["--in-process", "--setup=early"] {
        let scene = Scene::new();
        let run = |words: &[&str], variables: &[(&str, &str)]| {
            let since = scene.events().len();
            let mut command = again(&scene, &[&STABLE[..2], &[manner], words].concat());
            command.envs(variables.iter().copied());
            // The third time is another matter.
            let _ = std::fs::remove_file(scene.path_of("events.third"));
            let ended = scene.run(command);
            ended.must_exit(0);
            (ended, order(&scene, since))
        };
        let (ended, first) = run(&["--shuffle"], &[]);
        let seed = ended.stdout.split("(shuffle seed: ").nth(1);
        let seed = seed.and_then(|rest| rest.split_once(')'));
        let (seed, _) = seed.unwrap_or_else(|| panic!("{ended}"));
        assert_eq!(run(&[&format!("--shuffle={seed}")], &[]).1, first);
        assert_eq!(run(&[], &[("ITEST_SHUFFLE", seed)]).1, first);
        let replayed = [("RUST_TEST_SHUFFLE", "1"), ("RUST_TEST_SHUFFLE_SEED", seed)];
        assert_eq!(run(&[], &replayed).1, first);

        scene.write("itest.toml", "[profile.default]\nshuffle = 7\n");
        let config = scene.path_of("itest.toml");
        let config = config.to_str().expect("the path is text");
        let (ended, of_file) = run(&[], &[("ITEST_CONFIG", config)]);
        ended.must_say(&["(shuffle seed: 7)"]);
        assert_eq!(run(&["--shuffle=7"], &[]).1, of_file);

        // In six runs, the group's fixture was set up six times.
        assert_eq!(scene.ups_and_downs("group"), (6, 6));
        let orders = (0..8).map(|seed| run(&[&format!("--shuffle={seed}")], &[]).1);
        let orders: std::collections::BTreeSet<_> = orders.collect();
        assert!(orders.len() > 2, "{orders:?}");
        assert_eq!(scene.ups_and_downs("group"), (14, 14));
    }
}

#[test]
fn what_failed_goes_first() {
    for manner in ["--in-process", "--setup=early"] {
        let scene = Scene::new();
        let run = |fails: &str| {
            let since = scene.events().len();
            let words = [&STABLE[..2], &["--skip=third", "--failed-first", manner]].concat();
            let mut command = again(&scene, &words);
            command.env("SAMPLE_FAILS", fails);
            let ended = scene.run(command);
            ended.must_exit(if fails.is_empty() { 0 } else { 101 });
            order(&scene, since)
        };
        let all = run("two,five");
        assert_eq!(all.len(), 5);
        let rest = |failed: [&str; 2]| {
            let rest = all.iter().filter(|name| !failed.contains(&name.as_str()));
            rest.cloned().collect::<Vec<_>>()
        };
        let next = run("");
        // Both in their order, and so the others.
        let failed: Vec<_> = all
            .iter()
            .filter(|it| *it == "two" || *it == "five")
            .collect();
        assert_eq!(next[..2].iter().collect::<Vec<_>>(), failed);
        assert_eq!(next[2..], rest(["two", "five"]));
        assert_eq!(run(""), all);
    }
}

#[test]
fn what_failed_goes_first_of_all_binaries() {
    let scene = Scene::new();
    let run = |words: &[&str], fails: &str| {
        let since = scene.events().len();
        let words = [
            &[
                "--test",
                "marked",
                "--test",
                "again",
                "--test-threads=1",
                "--skip=flaky",
            ],
            words,
        ];
        let mut command = scene.cargo_itest(&words.concat());
        command.env("ITEST_HISTORY", scene.path_of("history"));
        if !fails.is_empty() {
            command.env("SAMPLE_FAILS", fails);
        }
        let ended = scene.run(command);
        (ended, order(&scene, since))
    };
    let (ended, _) = run(&[], "three");
    ended.must_exit(101);
    let (ended, next) = run(&["--failed-first"], "");
    ended.must_exit(0);
    assert_eq!(next[0], "three", "{next:?}");
    let first = ended
        .stdout
        .lines()
        .filter(|line| line.starts_with("test "));
    let first: Vec<_> = first.take(2).collect();
    assert!(
        first.iter().any(|line| line.contains("stable::three")),
        "{ended}"
    );
}

#[test]
fn each_repetition_has_fresh_test_fixtures_and_a_result() {
    for manner in [
        &["--in-process"][..],
        &["--test-threads=1"],
        &["--test-threads=3"],
    ] {
        let scene = Scene::new();
        let words = [&["--repeat", "4", "--skip=flaky", "--skip=other"], manner].concat();
        let ended = scene.run(again(&scene, &words));
        ended.must_exit(101);
        ended.must_say(&["running 16 tests", "15 passed", "1 failed"]);
        let results = ended.results();
        assert_eq!(
            results.get("third_fails (3 of 4)"),
            Some(&"FAILED"),
            "{ended}"
        );
        for passed in [
            "third_fails (2 of 4)",
            "third_fails (4 of 4)",
            "stable::two (1 of 4)",
        ] {
            assert_eq!(results.get(passed), Some(&"ok"), "{passed}; {ended}");
        }
        assert_eq!(scene.ups_and_downs("fresh"), (8, 8));
        assert_eq!(scene.ups_and_downs("group"), (1, 1));
        assert_eq!(scene.ups_and_downs("session"), (1, 1));
        assert_eq!(scene.count("two"), 4);
    }
}

#[test]
fn repetition_ends_at_the_first_failure() {
    for manner in ["--in-process", "--test-threads=1"] {
        let scene = Scene::new();
        let run = |words: &[&str]| {
            let _ = std::fs::remove_file(scene.path_of("events.third"));
            let since = scene.events().len();
            let ended = scene.run(again(&scene, &[words, &[manner, "third"]].concat()));
            (ended, order(&scene, since).len())
        };
        let (ended, times) = run(&["--until-fail"]);
        ended.must_exit(101);
        ended.must_say(&["2 passed", "1 failed"]);
        assert_eq!(times, 3, "{ended}");
        let (ended, times) = run(&["--until-fail", "--repeat=2"]);
        ended.must_exit(0);
        ended.must_say(&["2 passed"]);
        assert_eq!(times, 2, "{ended}");
        let (ended, times) = run(&["--until-fail", "--repeat=9"]);
        ended.must_exit(101);
        assert_eq!(times, 3, "{ended}");
    }
    let scene = Scene::new();
    let ended = scene.run(again(&scene, &["--repeat=0"]));
    ended.must_exit(101);
    assert_eq!(
        ended.stderr,
        "error: --repeat is `0`, should be a whole number from 1 on\n"
    );
}

#[test]
fn flaky_tests_are_told_from_the_history() {
    let scene = Scene::new();
    let run = |words: &[&str]| {
        let mut command = scene.cargo_itest(words);
        command.env("ITEST_HISTORY", scene.path_of("history"));
        scene.run(command)
    };
    let flaky = run(&["flaky", "--test", "again"]);
    flaky.must_exit(0);
    assert_eq!(flaky.stdout, "no flaky tests are known\n");
    // Passes at its second attempt; the other one fails the third time.
    let retried = ["--test", "again", "--retries=1", "--exact", "flaky"];
    run(&retried).must_exit(0);
    for _ in 0..2 {
        let _ = std::fs::remove_file(scene.path_of("events.third"));
        for code in [0, 0, 101, 0] {
            run(&["--test", "again", "--", "third_fails"]).must_exit(code);
        }
    }
    let flaky = run(&["flaky", "--test", "again"]);
    flaky.must_exit(0);
    let lines: Vec<&str> = flaky.stdout.lines().collect();
    // Passes that took no time and came before the first failure have no record.
    let [first, ends, "sample::again flaky", "    flaky"] = lines[..] else {
        panic!("{flaky}");
    };
    assert_eq!(first, "sample::again third_fails");
    let expected = "failed passed passed passed failed passed";
    assert!(ends.ends_with(expected), "{flaky}");
    let json = run(&["flaky", "--test", "again", "--json", "flaky"]);
    json.must_exit(0);
    let line: serde_json::Value = serde_json::from_str(&json.stdout).expect("one line of JSON");
    assert_eq!(line["test"], "flaky");
    assert_eq!(line["outcomes"], serde_json::json!(["flaky"]));
}
