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
