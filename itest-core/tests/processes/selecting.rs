//! Selection from outside: markers, shards, what failed last, the configuration file.

use std::collections::BTreeSet;
use std::process::Command;

use crate::scene::Scene;

fn marked(scene: &Scene, words: &[&str]) -> Command {
    let mut command = scene.binary("marked", words);
    command.env("ITEST_HISTORY", scene.path_of("history"));
    command.env("CARGO_PKG_NAME", "sample");
    command
}

fn listed(scene: &Scene, command: Command) -> BTreeSet<String> {
    let ended = scene.run(command);
    ended.must_exit(0);
    let names = ended.stdout.lines().map(|line| {
        let name = line.strip_suffix(": test");
        name.unwrap_or_else(|| panic!("{ended}")).to_owned()
    });
    names.collect()
}

const LIST: [&str; 2] = ["--list", "--format=terse"];

#[test]
fn markers_select_in_lists_too() {
    let scene = Scene::new();
    let mut command = marked(&scene, &LIST);
    command.env("ITEST_MARKERS", "integration and load(level=3)");
    let names = listed(&scene, command);
    let expected = ["group::asks", "group::fails_if_told", "group::ignored"];
    assert_eq!(names, expected.map(str::to_owned).into());

    let ended = scene.run(marked(&scene, &["-m", "not external"]));
    ended.must_exit(0);
    ended.must_say(&["20 passed", "3 filtered out"]);
    let ended = scene.run(marked(&scene, &["-m", "slow and"]));
    ended.must_exit(101);
    let expected = "error: -m: expected not OR left parenthesis OR identifier; got end of input
  --> column 9
   |
   | slow and
   |         ^\n";
    assert_eq!(ended.stderr, expected);
}

#[test]
fn markers_select_under_nextest() {
    let scene = Scene::new();
    let Some(mut command) = scene.nextest("run", &["marked"]) else {
        return;
    };
    command.env("ITEST_MARKERS", "integration and external");
    let ended = scene.run(command);
    ended.must_exit(0);
    assert!(
        ended.stderr.contains("2 tests run: 2 passed, 1 skipped"),
        "{ended}"
    );
}

#[test]
fn shards_are_disjoint_and_complete() {
    let scene = Scene::new();
    // Known times, of which the first test takes half.
    let line = |index: usize| {
        format!(
            "{} p a{index:02}\n",
            if index == 0 { 190_000 } else { 10_000 }
        )
    };
    let text: String = (0..20).map(line).collect();
    scene.write(
        "history/sample%3a%3amarked.history",
        &format!("itest history 1: 20\n{text}"),
    );
    let all = listed(&scene, marked(&scene, &LIST));
    assert_eq!(all.len(), 23);
    let shard = |number: usize, of: usize| {
        let mut command = marked(&scene, &LIST);
        command.env("ITEST_SHARD", format!("{number}/{of}"));
        listed(&scene, command)
    };
    for of in [1, 2, 5] {
        let shards: Vec<_> = (1..=of).map(|number| shard(number, of)).collect();
        let union: BTreeSet<String> = shards.iter().flatten().cloned().collect();
        assert_eq!(union, all);
        assert_eq!(shards.iter().map(BTreeSet::len).sum::<usize>(), all.len());
    }
    // The long test is alone but for those that make up the difference.
    let with_long = [shard(1, 2), shard(2, 2)]
        .into_iter()
        .find(|it| it.contains("a00"));
    let with_long = with_long.expect("the shards are complete");
    assert!((1..=4).contains(&with_long.len()), "{with_long:?}");

    // Running a shard does not change how the next one is cut.
    let before = shard(2, 3);
    let mut command = marked(&scene, &["--shard", "1/3"]);
    command.env("SAMPLE_FAILS", "1");
    scene.run(command);
    assert_eq!(shard(2, 3), before);
    let ended = scene.run(marked(&scene, &["--shard", "4/3"]));
    ended.must_exit(101);
    assert_eq!(
        ended.stderr,
        "error: --shard is `4/3`, should be K/N with K from 1 to N, `2/3`\n"
    );
}

#[test]
fn what_failed_last_is_run_again() {
    let scene = Scene::new();
    // Nothing has failed yet: everything runs.
    let ended = scene.run(marked(&scene, &["--last-failed"]));
    ended.must_say(&["22 passed"]);
    let mut command = marked(&scene, &[]);
    command.env("SAMPLE_FAILS", "1");
    scene.run(command).must_exit(101);
    let mut command = marked(&scene, &["--last-failed"]);
    command.env("SAMPLE_FAILS", "1");
    let ended = scene.run(command);
    ended.must_exit(101);
    ended.must_say(&["1 failed", "22 filtered out"]);
    let ended = scene.run(marked(&scene, &["--last-failed"]));
    ended.must_say(&["1 passed", "22 filtered out"]);
    let ended = scene.run(marked(&scene, &["--last-failed"]));
    ended.must_say(&["22 passed"]);
}

#[test]
fn the_configuration_is_heeded() {
    let scene = Scene::new();
    let text = r#"
        [profile.default]
        markers = "integration and not external"
        [profile.all]
        markers = ""
        [profile.all.leak]
    "#;
    let run = |text: &str, words: &[&str]| {
        scene.write("itest.toml", text);
        let mut command = marked(&scene, words);
        command.env("ITEST_CONFIG", scene.path_of("itest.toml"));
        command.env("SAMPLE_DATABASE", "postgres://me:secret@prod/x");
        scene.run(command)
    };
    let ended = run(text, &[]);
    ended.must_exit(101);
    assert!(
        ended
            .stderr
            .starts_with("error: unknown setting `leak`\n --> "),
        "{ended}"
    );

    let text = text.replace(
        "[profile.all.leak]",
        "[markers]\nexternal = ''\nintegration = ''\n",
    );
    run(&text, &[]).must_say(&["20 passed"]);
    run(&text, &["--profile", "all"]).must_say(&["22 passed"]);
    run(&text, &["-m", "external"]).must_say(&["2 passed"]);
    let ended = run(&text, &["-m", "not externel"]);
    ended.must_exit(101);
    let expected = "error: -m: unknown marker `externel`
  --> column 5
   |
   | not externel
   |     ^
  help: there is a marker with a similar name: `external`\n";
    assert_eq!(ended.stderr, expected);

    let ended = run("[guard]\nSAMPLE_DATABASE = 'prod'", &[]);
    ended.must_exit(101);
    assert!(
        ended.stderr.contains("`SAMPLE_DATABASE` matches `prod`"),
        "{ended}"
    );
    assert!(!ended.stderr.contains("secret"), "{ended}");
    assert!(scene.events().is_empty());
}
