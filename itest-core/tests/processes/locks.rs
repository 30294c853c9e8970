//! Tests that hold locks never overlap with those that they exclude.

use std::collections::BTreeMap;
use std::process::Command;

use crate::scene::Scene;

/// Rounds in the sample's `locked`, and tests in each.
pub(crate) const TESTS: usize = 8 * 9;

#[test]
fn workers_exclude_each_other() {
    let scene = Scene::new();
    let command = scene.binary("locks", &["--test-threads=8"]);
    check(&scene, command, in_process);
}

#[test]
fn threads_of_libtest_exclude_each_other() {
    let scene = Scene::new();
    let command = scene.binary("locks_drop_in", &["--test-threads=8"]);
    check(&scene, command, |_, lock| lock.to_owned());
}

/// Threads of libtest's binary, and workers that come behind it.
#[test]
fn workers_and_libtest_exclude_each_other() {
    let scene = Scene::new();
    let words = [
        "--test",
        "locks",
        "--test",
        "locks_drop_in",
        "--test-threads=8",
    ];
    let ended = scene.run(scene.cargo_itest(&words));
    ended.must_exit(0);
    assert_eq!(ended.counts(), (2 * TESTS, 0), "{ended}");
    check_events(&scene, in_process);
}

/// Test processes of two binaries: what both have in common is theirs together.
#[test]
fn processes_of_nextest_exclude_each_other() {
    let scene = Scene::new();
    let Some(mut command) = scene.nextest("run", &["locks", "locks_drop_in"]) else {
        return;
    };
    command.arg("--test-threads=8");
    let ended = scene.run(command);
    ended.must_exit(0);
    let all = 2 * TESTS;
    ended.must_say(&[&format!("{all} tests run: {all} passed")]);
    check_events(&scene, in_process);
}

/// Nobody who waits for a lock of a process that is killed waits for ever.
#[test]
fn a_killed_process_of_nextest_releases() {
    let scene = Scene::new();
    let Some(mut command) = scene.nextest("run", &["holders"]) else {
        return;
    };
    command.arg("--test-threads=2");
    let running = scene.start(command);
    let holder = scene.wait_for("holds");
    crate::process::signal(holder, libc::SIGKILL);
    let next = scene.wait_for_after("holds", 1);
    assert_ne!(next, holder);
    scene.open_gate();
    let ended = running.wait();
    ended.must_exit(100);
    ended.must_say(&["2 tests run: 1 passed, 1 failed"]);
    scene.nothing_is_left();
}

/// Each worker has a counter of its own.
pub(crate) fn in_process(pid: u32, lock: &str) -> String {
    match lock {
        "counter" => format!("counter of {pid}"),
        lock => lock.to_owned(),
    }
}

fn check(scene: &Scene, command: Command, instance: fn(u32, &str) -> String) {
    let ended = scene.run(command);
    ended.must_exit(0);
    assert_eq!(ended.counts(), (TESTS, 0), "{ended}");
    check_events(scene, instance);
}

pub(crate) fn check_events(scene: &Scene, instance: fn(u32, &str) -> String) {
    let mut inside: BTreeMap<String, Vec<(String, String)>> = BTreeMap::new();
    let mut most = 0;
    for (pid, event) in scene.events_of() {
        let words: Vec<&str> = event.split(' ').collect();
        let [step, lock, mode, test] = words[..] else {
            continue;
        };
        let claim = (mode.to_owned(), format!("{test} of {pid}"));
        // A serial test excludes all others, whatever locks they have.
        let serial = (lock == "all" && mode == "exclusive").then_some(&claim);
        match step {
            "in" => {
                if let Some(claim) = serial {
                    let others: Vec<_> = inside.values().flatten().collect();
                    assert!(others.is_empty(), "{claim:?} beside {others:?}");
                }
                let all = inside.entry("all".to_owned()).or_default();
                let serial = all.iter().find(|(mode, _)| mode == "exclusive");
                assert!(serial.is_none(), "{claim:?} beside {serial:?}");
                let holders = inside.entry(instance(pid, lock)).or_default();
                for holder in &*holders {
                    let both_share = holder.0 == "shared" && mode == "shared";
                    assert!(both_share, "{claim:?} beside {holder:?} in `{lock}`");
                }
                holders.push(claim);
                most = most.max(inside.values().map(Vec::len).sum());
            }
            _ => {
                let holders = inside.entry(instance(pid, lock)).or_default();
                holders.retain(|holder| *holder != claim);
            }
        }
    }
    assert!(most > 1, "nothing ran beside anything");
    scene.nothing_is_left();
}
