//! What was registered is gone after every end of a process, and was cleaned once.

use std::collections::BTreeMap;
use std::fs::{DirBuilder, File};
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::process::Command;

use libc::{SIGKILL, SIGSTOP};

use crate::process::{Found, signal};
use crate::sample;
use crate::scene::{Ended, LIMIT, Running, Scene, until, without_runner};

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

/// Both harnesses' binaries.
const TARGETS: [&str; 2] = ["resources", "resources_drop_in"];

#[test]
fn registering_suffices_as_teardown() {
    for words in [
        &["--test-threads=1"][..],
        &["--test-threads=4"],
        &["--test-threads=2", "--in-process"],
    ] {
        let scene = scene();
        scene.open_gate();
        let ended = scene.run(scene.binary("resources", words));
        assert_eq!(ended.counts(), (5, 3), "{ended}");
        all_was_cleaned_once(&scene);
    }
}

#[test]
fn registering_suffices_in_drop_in_mode() {
    for threads in ["1", "4"] {
        let scene = scene();
        scene.open_gate();
        let threads = format!("--test-threads={threads}");
        let ended = scene.run(scene.binary("resources_drop_in", &[&threads]));
        ended.must_exit(101);
        ended.must_say(&["5 passed; 3 failed"]);
        all_was_cleaned_once(&scene);
    }
}

#[test]
fn registering_suffices_under_nextest() {
    for target in TARGETS {
        let scene = scene();
        scene.open_gate();
        let Some(command) = scene.nextest("run", &[target]) else {
            return;
        };
        let ended = scene.run(command);
        ended.must_exit(100);
        ended.must_say(&["8 tests run: 5 passed, 3 failed"]);
        assert!(!ended.says("LEAK") && !ended.says("leaky"), "{ended}");
        all_was_cleaned_once(&scene);
    }
}

#[test]
fn what_a_killed_worker_had_is_cleaned_before_the_run_ends() {
    let scene = scene();
    let running = scene.start(scene.binary("resources", &["f_waits", "--test-threads=1"]));
    let worker = scene.wait_for("waits");
    signal(worker, SIGKILL);
    let ended = running.wait();
    ended.must_exit(101);
    assert_eq!(ended.counts(), (0, 1), "{ended}");
    let gone = ["server down shared-group", "server quit own-single"];
    for event in gone {
        assert_eq!(scene.count(event), 1, "{event}: {ended}");
    }
    all_was_cleaned_once(&scene);
}

/// Kills the processes that it tells, while the test waits; gives how the run ended.
fn kill(scene: &Scene, running: Running<'_>, is: fn(&Found) -> bool) -> Ended {
    scene.wait_for("waits");
    let victims: Vec<Found> = scene.processes().into_iter().filter(is).collect();
    assert!(!victims.is_empty(), "{:?}", scene.processes());
    // None of them has time to see another one's end.
    for number in [SIGSTOP, SIGKILL] {
        for victim in &victims {
            assert!(signal(victim.pid, number), "{victim:?} is gone");
        }
    }
    scene.open_gate();
    let ended = running.wait();
    let is_gone = || {
        let left = scene.processes().into_iter();
        !left
            .filter(is)
            .any(|left| victims.iter().any(|victim| victim.pid == left.pid))
    };
    until(LIMIT, || is_gone().then_some(())).expect("what is killed ends");
    ended
}

/// The test that has fixtures of all scopes and waits.
const WAITS: &[&str] = &["f_waits", "--test-threads=1"];

#[test]
fn what_a_killed_session_host_had_is_cleaned() {
    let scene = scene();
    let running = scene.start(scene.binary("resources", WAITS));
    let ended = kill(&scene, running, Found::is_session_host);
    ended.must_exit(101);
    all_was_cleaned_once(&scene);
}

#[test]
fn what_the_processes_of_a_killed_dispatcher_had_is_cleaned() {
    let scene = scene();
    let running = scene.start(scene.binary("resources", WAITS));
    scene.wait_for("waits");
    running.signal(SIGKILL);
    scene.open_gate();
    running.wait();
    all_was_cleaned_once(&scene);
}

#[test]
fn what_all_killed_processes_of_a_run_had_is_cleaned() {
    let scene = scene();
    let running = scene.start(scene.binary("resources", WAITS));
    kill(&scene, running, |process| {
        !process.is_reaper() && process.is_itest()
    });
    all_was_cleaned_once(&scene);
}

#[test]
fn what_a_killed_libtest_process_had_is_cleaned() {
    let scene = scene();
    let running = scene.start(scene.binary("resources_drop_in", WAITS));
    scene.wait_for("waits");
    running.signal(SIGKILL);
    assert_eq!(running.wait().code, None);
    all_was_cleaned_once(&scene);
}

#[test]
fn what_a_killed_process_in_nextest_had_is_cleaned() {
    for target in TARGETS {
        for is in [Found::is_nextest_test, Found::is_session_host] {
            let scene = scene();
            let Some(mut command) = scene.nextest("run", &[target]) else {
                return;
            };
            command.arg("f_waits");
            let running = scene.start(command);
            kill(&scene, running, is);
            all_was_cleaned_once(&scene);
        }
    }
}

#[test]
fn what_the_processes_of_a_killed_nextest_had_is_cleaned() {
    for target in TARGETS {
        let scene = scene();
        let Some(mut command) = scene.nextest("run", &[target]) else {
            return;
        };
        command.arg("f_waits");
        let running = scene.start(command);
        scene.wait_for("waits");
        running.signal(SIGKILL);
        scene.open_gate();
        running.wait();
        all_was_cleaned_once(&scene);
    }
}

#[test]
fn the_next_run_cleans_what_killed_reapers_left() {
    for (target, passed) in [("resources", "1 passed"), ("resources_drop_in", "1 passed")] {
        let scene = scene();
        let running = scene.start(scene.binary(target, WAITS));
        // The reapers first: they would be quicker.
        scene.wait_for("waits");
        let reapers = scene.processes().into_iter().filter(Found::is_reaper);
        let killed = reapers.filter(|reaper| signal(reaper.pid, SIGKILL)).count();
        assert!(killed > 0, "{:?}", scene.processes());
        kill(&scene, running, |process| process.is_itest());
        let left = scene.temporary_files();
        assert!(!left.is_empty(), "nobody was there to clean");

        let ended = scene.run(scene.binary(target, &["a_passes"]));
        ended.must_exit(0);
        ended.must_say(&[passed]);
        all_was_cleaned_once(&scene);
    }
}

#[test]
fn a_run_leaves_alone_what_another_one_uses() {
    let scene = scene();
    let running = scene.start(scene.binary("resources", WAITS));
    scene.wait_for("waits");
    let before = scene.processes().len();
    scene
        .run(scene.binary("resources", &["a_passes"]))
        .must_exit(0);
    let after: Vec<Found> = scene.processes();
    assert_eq!(after.len(), before, "{after:?}");
    assert_eq!(scene.count("server down shared-group"), 1);
    scene.open_gate();
    running.wait().must_exit(0);
    all_was_cleaned_once(&scene);
}

#[test]
fn a_reaper_needs_no_file_of_the_program() {
    let scene = scene();
    let copy = scene.copy_of(sample::binary("resources"));
    let mut command = Command::new(&copy);
    without_runner(&mut command);
    command.args([
        "i_registers_late",
        "--ignored",
        "--in-process",
        "--color=never",
    ]);
    let running = scene.start(command);
    let process = scene.wait_for("late");
    std::fs::remove_file(copy).expect("the copy should be removed");
    scene.open_gate();
    scene.wait_for("waits");
    signal(process, SIGKILL);
    running.wait();
    all_was_cleaned_once(&scene);
}

#[test]
fn an_owner_has_no_children_but_its_own() {
    let scene = scene();
    let ended = scene.run(scene.binary("resources", &["j_sees_its_children", "--ignored"]));
    ended.must_exit(0);
    all_was_cleaned_once(&scene);
}

/// What the sample's doctor says.
fn doctor(scene: &Scene, word: &str) -> Ended {
    let test = format!("doctor::{word}");
    let words = [test.as_str(), "--exact", "--ignored", "--nocapture"];
    let ended = scene.run(scene.binary("resources_drop_in", &words));
    ended.must_exit(0);
    ended
}

#[test]
fn the_doctor_tells_who_lives_and_what_was_left() {
    let scene = scene();
    let running = scene.start(scene.binary("resources", WAITS));
    scene.wait_for("waits");
    let host = scene.process(Found::is_session_host).pid;
    let living = doctor(&scene, "examines");
    living.must_say(&[
        &format!("{host} Lives fixtures: [\"hosted (tests/registered/mod.rs:"),
        " of hosted",
        "` of shared",
    ]);
    assert!(!living.says("Left"), "{living}");

    let reapers = scene.processes().into_iter().filter(Found::is_reaper);
    reapers.for_each(|reaper| assert!(signal(reaper.pid, SIGKILL)));
    kill(&scene, running, Found::is_itest);
    let left = doctor(&scene, "examines");
    left.must_say(&[
        "Left process group",
        "Left directory",
        "Left container `own-",
    ]);
    assert!(!left.says("Lives"), "{left}");
    let swept = doctor(&scene, "sweeps");
    swept.must_say(&["swept process group", "swept directory", "` of own"]);
    all_was_cleaned_once(&scene);
    assert_eq!(doctor(&scene, "examines").stdout.matches(" of ").count(), 0);
}

#[test]
fn a_run_removes_files_and_directories_of_dead_ones() {
    for (target, test) in [("output", "passes"), ("locks_drop_in", "f0")] {
        let scene = scene();
        let base = scene.base();
        let files = [
            "files/passed-1-2",
            "nextest-1/0.offers",
            "nextest-1/0.life",
            "journals/1-2-0",
        ];
        for file in files {
            write_private(&base, file);
        }
        // One of a run that lives.
        let held = write_private(&base, "files/output-1-2");
        held.lock().expect("nobody else has it");
        scene.run(scene.binary(target, &[test])).must_exit(0);
        let left: Vec<_> = scene.temporary_files();
        assert_eq!(left, [base.join("files/output-1-2")], "{target}");
    }
}

/// Writes a file below the directory that runs share, with directories as they make them.
fn write_private(base: &Path, file: &str) -> File {
    let path = base.join(file);
    let directory = path.parent().expect("it has one");
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(directory)
        .expect("the directory should be made");
    File::create(path).expect("the file should be made")
}
