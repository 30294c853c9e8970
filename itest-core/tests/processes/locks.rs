//! Tests that hold locks never overlap with those that they exclude.

use std::collections::BTreeMap;
use std::process::Command;

use crate::scene::Scene;

/// Rounds in the sample's `locked`, and tests in each.
const TESTS: usize = 8 * 7;

#[test]
fn workers_exclude_each_other() {
    let scene = Scene::new();
    let command = scene.binary("locks", &["--test-threads=8"]);
    // Each worker has a counter of its own.
    check(&scene, command, |pid, lock| match lock {
        "counter" => format!("counter of {pid}"),
        lock => lock.to_owned(),
    });
}

#[test]
fn threads_of_libtest_exclude_each_other() {
    let scene = Scene::new();
    let command = scene.binary("locks_drop_in", &["--test-threads=8"]);
    check(&scene, command, |_, lock| lock.to_owned());
}

fn check(scene: &Scene, command: Command, instance: fn(u32, &str) -> String) {
    let ended = scene.run(command);
    ended.must_exit(0);
    assert_eq!(ended.counts(), (TESTS, 0), "{ended}");
    let mut inside: BTreeMap<String, Vec<(String, String)>> = BTreeMap::new();
    let mut most = 0;
    for (pid, event) in scene.events_of() {
        let words: Vec<&str> = event.split(' ').collect();
        let [step, lock, mode, test] = words[..] else {
            continue;
        };
        let claim = (mode.to_owned(), test.to_owned());
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
