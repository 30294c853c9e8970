//! `cargo itest completions` in the shells that are there.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::Command;

use crate::sample;
use crate::scene::Scene;

/// The script for a shell, in a file of the scene; `None` where that shell is not there.
fn script(scene: &Scene, shell: &str) -> Option<PathBuf> {
    let ended = scene.run(scene.cargo_itest(&["completions", shell]));
    ended.must_exit(0);
    scene.write(shell, &ended.stdout);
    if Command::new(shell).arg("--version").output().is_err() {
        println!("left out: {shell} is not installed");
        return None;
    }
    // The script starts `cargo itest`.
    let program = sample::cargo_itest().get_program().to_owned();
    let program = program.to_string_lossy();
    scene.script(
        "cargo-itest",
        &format!("#!/bin/sh\nexec '{program}' \"$@\"\n"),
    );
    Some(scene.path_of(shell))
}

fn shell(scene: &Scene, shell: &str, words: &[&str]) -> String {
    // The sample's directory and target.
    let like = sample::cargo_itest();
    let mut command = Command::new(shell);
    command.args(words).env("CARGO_NET_OFFLINE", "true");
    command.env("ITEST_HISTORY", scene.path_of("history"));
    if let Some(directory) = like.get_current_dir() {
        command.current_dir(directory);
    }
    for (name, value) in like.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    let ended = scene.run(command);
    ended.must_exit(0);
    assert_eq!(ended.stderr, "", "{ended}");
    ended.stdout
}

#[test]
fn scripts_are_right_for_their_shells() {
    for name in ["bash", "zsh", "fish"] {
        let scene = Scene::new();
        if let Some(script) = script(&scene, name) {
            shell(&scene, name, &["-n", &script.to_string_lossy()]);
        }
    }
    let scene = Scene::new();
    let ended = scene.run(scene.cargo_itest(&["completions", "tcsh"]));
    ended.must_exit(101);
    ended.must_say(&["unknown shell `tcsh`", "`bash`, `zsh`, `fish`"]);
}

/// What is offered for what is typed: all of it, or some.
const OFFERED: &[(&str, &[&str])] = &[
    ("cargo itest bi", &["bisect"]),
    ("cargo-itest bi", &["bisect"]),
    ("cargo +stable itest bi", &["bisect"]),
    ("cargo itest -p ", &["other", "sample"]),
    ("cargo itest run --exclude oth", &["other"]),
    (
        "cargo itest --test pollu",
        &["polluted", "polluted_drop_in"],
    ),
    ("cargo itest --color n", &["never"]),
    ("cargo itest --setup ", &["early", "lazy"]),
    ("cargo itest --manifest-pa", &["--manifest-path"]),
    ("cargo itest run -- --test-th", &["--test-threads"]),
    ("cargo itest run -- --manifest-pa", &[]),
    ("cargo itest completions ", &["bash", "fish", "zsh"]),
    ("cargo itest bisect victims::kno", &["victims::known"]),
    ("cargo itest --retries ", &[]),
];

fn with_history(scene: &Scene) {
    scene.write(
        "history/sample%3a%3apolluted.history",
        "itest history 1: 1\n10000 f victims::known\n",
    );
}

/// bash takes away what stands before a colon, which is in the line already.
#[test]
fn bash_completes() {
    let scene = Scene::new();
    let Some(script) = script(&scene, "bash") else {
        return;
    };
    with_history(&scene);
    let text = format!(
        r#"
        _cargo() {{ COMPREPLY=(of-cargo); }}
        complete -F _cargo cargo
        source '{0}'
        source '{0}'
        offer() {{
            COMP_LINE="$1" COMP_POINT=${{#1}}
            read -ra COMP_WORDS <<< "$1"
            [[ "$1" == *' ' ]] && COMP_WORDS+=('')
            COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))
            local known="$(complete -p "${{COMP_WORDS[0]}}")"
            known="${{known##*-F }}"
            ${{known%% *}} 2>/dev/null
            echo "$1:${{COMPREPLY[*]}}"
        }}
        "#,
        script.display()
    );
    let lines = OFFERED.iter().map(|(line, _)| format!("offer '{line}'\n"));
    let more = "offer 'cargo itest --color=n'\noffer 'cargo build'\n";
    let text = format!("{text}\n{}{more}", lines.collect::<String>());
    let printed = shell(&scene, "bash", &["--norc", "-c", &text]);
    let mut printed = printed.lines();
    for (line, expected) in OFFERED {
        let offered = printed
            .next()
            .and_then(|it| it.strip_prefix(&format!("{line}:")));
        let offered: BTreeSet<&str> = offered.expect(line).split(' ').collect();
        let expected = expected.iter().map(|it| it.trim_start_matches("victims::"));
        let mut expected: BTreeSet<&str> = expected.collect();
        if expected.is_empty() {
            expected.insert("");
        }
        assert_eq!(offered, expected, "{line}");
    }
    assert_eq!(printed.next(), Some("cargo itest --color=n:never"));
    assert_eq!(printed.next(), Some("cargo build:of-cargo"));
}

#[test]
fn fish_completes() {
    let scene = Scene::new();
    let Some(script) = script(&scene, "fish") else {
        return;
    };
    with_history(&scene);
    let lines = OFFERED
        .iter()
        .map(|(line, _)| format!("echo '>{line}'; complete -C '{line}'\n"));
    let text = format!(
        "source '{}'\n{}echo '>'",
        script.display(),
        lines.collect::<String>()
    );
    let printed = shell(&scene, "fish", &["--no-config", "-c", &text]);
    let mut found = printed.split('>').skip(1);
    for (line, expected) in OFFERED {
        let found = found
            .next()
            .and_then(|it| it.strip_prefix(line))
            .expect(line);
        let names = found
            .trim()
            .lines()
            .map(|line| line.split('\t').next().unwrap_or_default());
        let names: BTreeSet<&str> = names.collect();
        let expected: BTreeSet<&str> = expected.iter().copied().collect();
        assert_eq!(names, expected, "{line}");
    }
}
