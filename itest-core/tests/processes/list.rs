//! Listing starts nothing and leaves nothing.

use std::process::Command;

use crate::sample;
use crate::scene::{Ended, Scene};

fn nothing_happened(scene: &Scene, ended: &Ended) {
    ended.must_exit(0);
    assert_eq!(scene.events(), [""; 0], "{ended}");
    assert!(scene.processes().is_empty(), "{:?}", scene.processes());
    assert!(
        scene.temporary_files().is_empty(),
        "{:?}",
        scene.temporary_files()
    );
}

/// As cargo starts it: in the environment of its package, which has data.
fn list(scene: &Scene, target: &str, words: &[&str]) -> Command {
    let mut command = scene.binary(target, words);
    command.env("CARGO_MANIFEST_DIR", sample::directory());
    command
}

#[test]
fn listing_a_binary_starts_nothing() {
    for (target, _) in sample::targets() {
        for words in [&["--list"][..], &["--list", "--format=terse", "--ignored"]] {
            let scene = Scene::new();
            let ended = scene.run(list(&scene, target, words));
            nothing_happened(&scene, &ended);
        }
    }
}

#[test]
fn listing_under_nextest_starts_nothing() {
    let scene = Scene::new();
    let targets: Vec<&str> = sample::targets().map(|(target, _)| target).collect();
    let Some(command) = scene.nextest("list", &targets) else {
        return;
    };
    let ended = scene.run(command);
    nothing_happened(&scene, &ended);
    ended.must_say(&["gated", "aborts::b_victim"]);
}

/// nextest lists with the variables of the run set.
#[test]
fn listing_in_a_run_of_nextest_starts_nothing() {
    for (target, is_drop_in) in sample::targets() {
        let scene = Scene::new();
        let mut command = list(&scene, target, &["--list", "--format=terse"]);
        let id = "6b2d5a0e-0000-4000-8000-000000000000";
        command.env("NEXTEST", "1").env("NEXTEST_RUN_ID", id);
        command.env("NEXTEST_TEST_PHASE", "list");
        let ended = scene.run(command);
        nothing_happened(&scene, &ended);
        let only_tests = ended.stdout.lines().all(|line| line.ends_with(": test"));
        assert!(only_tests, "drop-in: {is_drop_in}; {ended}");
    }
}
