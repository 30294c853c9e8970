//! Each check finds its planted leaks and nothing else, in workers, in one process and under
//! nextest, in full and in drop-in mode.

use std::collections::BTreeSet;
use std::process::Command;

use serde_json::Value;

use crate::scene::{Ended, Scene};

const KINDS: [&str; 5] = ["cwd", "env", "fds", "children", "tasks"];

/// The tests in which leaks of that kind are planted; the names say so.
fn planted(kind: &str) -> BTreeSet<&'static str> {
    let all = match kind {
        "cwd" => &["leaks_cwd", "leaks_cwd_async"][..],
        "env" => &["leaks_env", "leaks_env_async", "leaks_env_beside_a_pool"],
        "fds" => &["leaks_fds", "leaks_fds_sockets"],
        "children" => &["leaks_children", "leaks_children_zombie"],
        _ => &["leaks_tasks", "leaks_tasks_of_a_fixture"],
    };
    all.iter().copied().collect()
}

/// The functions whose tests failed, by the lines of the report.
fn failed(ended: &Ended) -> BTreeSet<String> {
    let results = ended.results().into_iter();
    let failed = results.filter(|(_, result)| result.starts_with("FAILED"));
    failed.map(|(name, _)| function(name).to_owned()).collect()
}

fn function(name: &str) -> &str {
    name.rsplit("::").next().expect("it has a last part")
}

#[track_caller]
fn must_be(found: &BTreeSet<String>, expected: &BTreeSet<&str>, ended: &Ended) {
    let found: BTreeSet<&str> = found.iter().map(String::as_str).collect();
    assert_eq!(found, *expected, "{ended}");
}

/// Denies one kind after the other.
fn each_kind_alone(words: &[&str], has_late: bool) {
    for kind in KINDS {
        let scene = Scene::new();
        let mut command = scene.binary("leaks", words);
        command.env("ITEST_LEAKS", format!("all=off,{kind}=deny"));
        let ended = scene.run(command);
        ended.must_exit(101);
        must_be(&failed(&ended), &planted(kind), &ended);
        let is_late = has_late && matches!(kind, "fds" | "tasks");
        let late = "error: test `leaking::wide::late_leaks_fds_and_tasks`: left behind by the test";
        assert_eq!(ended.says(late), is_late, "{kind}; {ended}");
        assert!(!ended.says("secret"), "{ended}");
    }
}

#[test]
fn workers_find_each_kind() {
    each_kind_alone(&["--test-threads=2"], true);
}

/// The session fixture is in the same process, to its end.
#[test]
fn one_process_finds_each_kind() {
    each_kind_alone(&["--in-process", "--test-threads=1"], false);
}

#[test]
fn nextest_finds_each_kind() {
    for kind in KINDS {
        let scene = Scene::new();
        let Some(mut command) = scene.nextest("run", &["leaks", "leaks_drop_in"]) else {
            return;
        };
        command.env("ITEST_LEAKS", format!("all=off,{kind}=deny"));
        let ended = scene.run(command);
        ended.must_exit(100);
        for binary in ["sample::leaks", "sample::leaks_drop_in"] {
            let lines = ended.stderr.lines();
            let failed = lines.filter(|line| line.trim_start().starts_with("FAIL ["));
            let of_binary = failed.filter_map(|line| line.split_once(&format!(" {binary} ")));
            let found = of_binary.map(|(_, name)| function(name.trim()).to_owned());
            let mut expected = planted(kind);
            if binary == "sample::leaks" && matches!(kind, "fds" | "tasks") {
                // Its pool ends before its process does, which fails.
                expected.insert("late_leaks_fds_and_tasks");
            }
            must_be(&found.collect(), &expected, &ended);
        }
    }
}

/// Of each test that is told of, the kinds, sorted.
fn told(events: &str) -> BTreeSet<(String, String)> {
    let mut all = BTreeSet::new();
    for line in events.lines() {
        let event: Value = serde_json::from_str(line).expect("a line is JSON");
        if event["event"] != "test-leaked" {
            continue;
        }
        let test = event["test"].as_str().expect("it is of a test");
        for leak in event["leaks"].as_array().expect("there are leaks") {
            let kind = leak["kind"].as_str().expect("it is of a kind");
            all.insert((function(test).to_owned(), kind.to_owned()));
        }
    }
    all
}

/// It is what happens without settings.
#[test]
fn warnings_fail_nothing() {
    let scene = Scene::new();
    let mut command = scene.binary("leaks", &["--test-threads=1"]);
    command
        .env("ITEST_EVENTS", scene.file("events.jsonl"))
        .env("ITEST_HTML", scene.file("report.html"))
        .env("ITEST_CTRF", scene.file("report.ctrf"))
        .env("ITEST_JUNIT", scene.file("junit.xml"));
    let ended = scene.run(command);
    ended.must_exit(0);
    let read = |name| std::fs::read_to_string(scene.file(name)).expect("it is written");
    let mut expected = BTreeSet::new();
    for kind in KINDS {
        expected.extend(planted(kind).iter().map(|test| (*test, kind)));
    }
    let late = "late_leaks_fds_and_tasks";
    expected.extend([(late, "fds"), (late, "tasks")]);
    let expected: BTreeSet<_> = expected
        .into_iter()
        .map(|(test, kind)| (test.to_owned(), kind.to_owned()))
        .collect();
    assert_eq!(told(&read("events.jsonl")), expected, "{ended}");
    ended.must_say(&[
        "\nleaks:\n    leaking::planted::leaks_cwd\n        the working directory is `/` instead of `",
        "        variable `SAMPLE_LEAK` is set\n",
        "        variable `SAMPLE_CHANGED` is set\n",
        "        variable `SAMPLE_CHANGED` has another value\n",
        "        variable `PWD` is removed\n",
        " is open: /dev/zero\n",
        " is open: a socket at 127.0.0.1:",
        " is open: a socket, from 127.0.0.1:",
        " (`sleep`) still runs\n",
        " (`sleep`) was not waited for\n",
        "        an async task still runs\n",
        "        2 async tasks still run\n",
        "    leaking::wide::late_leaks_fds_and_tasks\n        file descriptor ",
        "        an async task still runs; it may be of `leaking::wide::first_uses_it`, \
         `leaking::wide::then_uses_it` too\n",
        "12 leaky",
    ]);
    assert!(!ended.says("secret"), "{ended}");
    for name in ["report.html", "report.ctrf", "junit.xml"] {
        let text = read(name);
        assert!(text.contains(" is open: /dev/zero"), "{name}: {text}");
    }
}

#[test]
fn a_denied_leak_says_where_and_what_to_do() {
    let scene = Scene::new();
    let words = ["--leaks=deny", "--exact", "leaking::planted::leaks_env"];
    let ended = scene.run(scene.binary("leaks", &words));
    ended.must_exit(101);
    let section = ended.section("leaking::planted::leaks_env");
    for text in [
        "left behind by the test:",
        "variable `SAMPLE_LEAK` is set",
        "= help: the fixture `env`",
    ] {
        assert!(section.contains(text), "{text}; {ended}");
    }
}

/// Nobody waits for tasks that never yield.
#[test]
fn a_blocked_runtime_blocks_nothing_else() {
    let scene = Scene::new();
    let words = ["--leaks=deny", "--ignored", "blocks_the_runtime"];
    let ended = scene.run(scene.binary("leaks", &words));
    ended.must_exit(101);
    ended.must_say(&["64 async tasks still run"]);
}

#[test]
fn threads_of_one_process_are_not_watched() {
    let scene = Scene::new();
    let words = [
        "--in-process",
        "--test-threads=2",
        "--leaks=deny",
        "planted",
    ];
    let ended = scene.run(scene.binary("leaks", &words));
    ended.must_exit(0);
    ended.must_say(&["warning: leaks are not looked for"]);
}

#[test]
fn libtest_is_watched_where_tests_run_one_by_one() {
    let scene = Scene::new();
    let run = |threads: &str| -> Ended {
        let mut command: Command = scene.binary("leaks_drop_in", &[threads]);
        command.env("ITEST_LEAKS", "all=off,env=deny");
        scene.run(command)
    };
    let ended = run("--test-threads=1");
    ended.must_exit(101);
    must_be(&failed(&ended), &planted("env"), &ended);
    run("--test-threads=2").must_exit(0);
}

#[test]
fn a_profile_says_what_and_an_override_for_which() {
    let scene = Scene::new();
    scene.write(
        "itest.toml",
        "[profile.default.leaks]\nall = \"deny\"\ntasks = \"off\"\n\
         [[profile.default.overrides]]\ntest = \"leaks_fds\"\nleaks = \"off\"\n\
         [[profile.default.overrides]]\nexact = \"leaking::planted::leaks_env\"\n\
         leaks = { env = \"warn\" }\n\
         [profile.quiet]\nleaks = \"off\"\n",
    );
    let run = |profile: &str| {
        let words = ["planted", "--test-threads=1"];
        let mut command = scene.binary("leaks", &words);
        command
            .env("ITEST_CONFIG", scene.file("itest.toml"))
            .env("ITEST_PROFILE", profile);
        scene.run(command)
    };
    let ended = run("default");
    ended.must_exit(101);
    let expected = [
        "leaks_cwd",
        "leaks_cwd_async",
        "leaks_env_async",
        "leaks_children",
        "leaks_children_zombie",
    ];
    must_be(&failed(&ended), &expected.into_iter().collect(), &ended);
    ended.must_say(&["\nleaks:\n    leaking::planted::leaks_env\n", "1 leaky"]);
    // What is said of a test goes before what a profile says of all.
    let ended = run("quiet");
    ended.must_exit(0);
    ended.must_say(&["\nleaks:\n    leaking::planted::leaks_env\n", "1 leaky"]);
    ended.must_say(&[" (profile: quiet)\n"]);
}
