//! `cargo itest --shard`: shares of the tests of all binaries, libtest's among them.

use std::collections::{BTreeMap, BTreeSet};

use crate::scene::Scene;

/// Of full mode, of drop-in mode, of libtest alone, and of a harness of its own.
const SELECTION: [&str; 10] = [
    "--workspace",
    "--test=one",
    "--test=two",
    "--test=marked",
    "--test=three",
    "--test=own",
    "--lib",
    "--skip=gated",
    "--test-threads=4",
    "--skip=waits",
];

/// Microseconds, from one to a thousand milliseconds.
fn time(binary: usize, test: usize) -> u64 {
    1000 + (test as u64 * 7919 + binary as u64 * 104_729) % 1000 * 1000
}

/// Times of all tests that there are, by the binary and the name.
fn write_history(scene: &Scene) -> BTreeMap<(String, String), u64> {
    let mut known = BTreeMap::new();
    for (number, (id, start, count)) in [
        ("sample::one", 't', 100),
        ("sample::two", 't', 100),
        ("sample::three", 't', 100),
        ("sample::marked", 'a', 20),
    ]
    .into_iter()
    .enumerate()
    {
        let mut text = format!("itest history 1: {count} of {}\n", count + 4);
        for test in 0..count {
            let name = format!("{start}{test:02}");
            let time = time(number, test);
            text += &format!("{time} p {name}\n");
            known.insert((id.to_owned(), name), time);
        }
        let file = id.replace("::", "%3a%3a");
        scene.write(&format!("history/{file}.history"), &text);
    }
    known
}

fn itest(scene: &Scene, words: &[&str]) -> crate::scene::Ended {
    let mut command = scene.cargo_itest(&[words, &SELECTION].concat());
    command.env("ITEST_HISTORY", scene.path_of("history"));
    scene.run(command)
}

type Tests = BTreeSet<(String, String)>;

fn listed(scene: &Scene, words: &[&str]) -> Tests {
    let ended = itest(scene, &[&["list", "--json"], words].concat());
    ended.must_exit(0);
    let tests = ended.stdout.lines().map(|line| {
        let test: serde_json::Value = serde_json::from_str(line).expect("it is JSON");
        let text = |key: &str| test[key].as_str().expect("it is text").to_owned();
        (text("binary"), text("test"))
    });
    tests.collect()
}

#[test]
fn shares_of_a_workspace_are_disjoint_complete_and_balanced() {
    let scene = Scene::new();
    let times = write_history(&scene);
    let all = listed(&scene, &[]);
    let binaries: BTreeSet<&str> = all.iter().map(|(binary, _)| &**binary).collect();
    assert_eq!(binaries.len(), 6, "{binaries:?}");
    for of in [2_usize, 3, 7] {
        let shards: Vec<Tests> = (1..=of)
            .map(|number| listed(&scene, &[&format!("--shard={number}/{of}")]))
            .collect();
        let union: Tests = shards.iter().flatten().cloned().collect();
        assert_eq!(union, all);
        assert_eq!(shards.iter().map(Tests::len).sum::<usize>(), all.len());
        let load = |shard: &Tests| shard.iter().filter_map(|test| times.get(test)).sum::<u64>();
        let loads: Vec<u64> = shards.iter().map(load).collect();
        let ideal = times.values().sum::<u64>() as f64 / of as f64;
        println!("{of} shards: {loads:?} µs, ideal {ideal:.0}");
        for load in loads {
            assert!(
                (load as f64 - ideal).abs() < ideal * 0.1,
                "{load} of {ideal}"
            );
        }
    }
    assert_eq!(scene.events(), [""; 0], "nothing was run");
}

/// Together the shares run what there is, each test once, and none changes how the next is cut.
#[test]
fn shares_of_a_workspace_run_everything_once() {
    let scene = Scene::new();
    write_history(&scene);
    scene.open_gate();
    let ended = itest(&scene, &[]);
    ended.must_exit(0);
    let all: BTreeSet<String> = ended.results().keys().map(ToString::to_string).collect();
    assert!(all.len() > 320, "{ended}");
    let second = listed(&scene, &["--shard=2/3"]);
    let mut ran = Vec::new();
    for number in 1..=3 {
        let shard = format!("--shard={number}/3");
        let ended = itest(&scene, &[&shard]);
        ended.must_exit(0);
        ran.extend(ended.results().keys().map(ToString::to_string));
        // Also as a variable, and from any directory of the workspace.
        assert_eq!(listed(&scene, &["--shard=2/3"]), second);
    }
    assert_eq!(ran.len(), all.len());
    assert_eq!(ran.into_iter().collect::<BTreeSet<_>>(), all);

    let mut command = scene.cargo_itest(&[&["list"], &SELECTION[..]].concat());
    command.env("ITEST_HISTORY", scene.path_of("history"));
    command.env("ITEST_SHARD", "2/3");
    let ended = scene.run(command);
    ended.must_say(&[&format!("{} tests in ", second.len())]);
}

/// A session fixture is set up where a test of the share needs it.
#[test]
fn a_share_sets_up_what_it_needs() {
    let scene = Scene::new();
    let words = [
        "--workspace",
        "--test=one",
        "--lib",
        "--test-threads=4",
        "--exact",
    ];
    let tests = ["t00", "tests::passes"];
    let mut setups = 0;
    for number in 1..=2 {
        let shard = format!("--shard={number}/2");
        let mut command = scene.cargo_itest(&[&[shard.as_str()], &words[..], &tests].concat());
        command.env("ITEST_HISTORY", scene.path_of("history"));
        let ended = scene.run(command);
        ended.must_exit(0);
        assert_eq!(ended.counts(), (1, 0), "{ended}");
        setups += scene.count("server up");
        scene.write("events", "");
    }
    assert_eq!(setups, 1);
}
