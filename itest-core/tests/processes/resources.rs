//! What was registered is gone after every end of a process, and was cleaned once.

use std::collections::BTreeMap;

use libc::SIGKILL;

use crate::process::signal;
use crate::scene::Scene;

/// Writes down how it was called.
const DOCKER: &str = r#"#!/bin/sh
echo "$$ docker $*" >>"$SAMPLE_EVENTS"
"#;

fn scene() -> Scene {
    let scene = Scene::new();
    scene.script("docker", DOCKER);
    scene
}

/// Nothing is left, and everything was cleaned as often as it came up.
fn all_was_cleaned_once(scene: &Scene) {
    scene.nothing_is_left();
    let mut balance: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    for (pid, event) in scene.events_of() {
        let words: Vec<&str> = event.split(' ').collect();
        match words[..] {
            ["server", "up", name] => balance.entry(format!("{name} {pid}")).or_default().0 += 1,
            ["server", how @ ("down" | "quit"), name] => {
                let right = if name.ends_with("-single") {
                    "quit"
                } else {
                    "down"
                };
                assert_eq!(how, right, "{name} was asked to end in its own way");
                balance.entry(format!("{name} {pid}")).or_default().1 += 1;
            }
            ["container", "up", name] => balance.entry(name.to_owned()).or_default().0 += 1,
            ["docker", "rm", "-f", "-v", name] => {
                balance.entry(name.to_owned()).or_default().1 += 1
            }
            _ => {}
        }
    }
    assert!(!balance.is_empty(), "nothing came up: {:?}", scene.events());
    let unbalanced: Vec<_> = balance
        .iter()
        .filter(|(_, (up, down))| up != down)
        .collect();
    assert!(
        unbalanced.is_empty(),
        "{unbalanced:?} of {:?}",
        scene.events()
    );
}

#[test]
fn registering_suffices_as_teardown() {
    for threads in ["1", "4"] {
        let scene = scene();
        scene.open_gate();
        let threads = format!("--test-threads={threads}");
        let ended = scene.run(scene.binary("resources", &[&threads]));
        assert_eq!(ended.counts(), (5, 3), "{ended}");
        all_was_cleaned_once(&scene);
    }
}

#[test]
fn the_reaper_cleans_when_a_worker_is_killed() {
    let scene = scene();
    let running = scene.start(scene.binary("resources", &["f_waits", "--test-threads=1"]));
    let worker = scene.wait_for("waits");
    signal(worker, SIGKILL);
    let ended = running.wait();
    ended.must_exit(101);
    assert_eq!(ended.counts(), (0, 1), "{ended}");
    all_was_cleaned_once(&scene);
}
