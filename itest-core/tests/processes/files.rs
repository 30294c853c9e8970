//! Tests of `#[files]` from outside: a file is a test from the moment on when it is there.

use std::process::Command;

use crate::scene::Scene;

/// The scene is the package.
fn files(scene: &Scene, words: &[&str]) -> Command {
    let mut command = scene.binary("files", words);
    command.env("CARGO_MANIFEST_DIR", scene.path_of(""));
    command
}

#[test]
fn a_new_file_is_a_new_test() {
    let scene = Scene::new();
    scene.write("data/.hidden", "");
    scene.write("data/b.txt", "");
    scene.write("data/deep/er/a.txt", "");
    let listed = scene.run(files(&scene, &["--list", "--format=terse"]));
    assert_eq!(
        listed.stdout,
        "obeys[b.txt]: test\nobeys[deep/er/a.txt]: test\nis_asked_for[.hidden]: test\n"
    );
    scene.write("data/a.txt", "");
    let ended = scene.run(files(&scene, &["--exact", "obeys"]));
    ended.must_exit(0);
    assert_eq!(ended.counts(), (3, 0), "{ended}");
    let ended = scene.run(files(&scene, &["--exact", "obeys[deep/er/a.txt]"]));
    assert_eq!(ended.counts(), (1, 0), "{ended}");
}

/// A worker that takes another's place finds other files; each test is still the one it was.
#[test]
fn files_change_while_tests_run() {
    let scene = Scene::new();
    scene.write("data/.hidden", "");
    scene.write("data/b.txt", "make:a.txt remove:c.txt abort");
    scene.write("data/c.txt", "");
    scene.write("data/d.txt", "");
    scene.write("data/e.txt", "remove:f.txt");
    scene.write("data/f.txt", "");
    let ended = scene.run(files(&scene, &["--test-threads=1"]));
    ended.must_exit(101);
    let results = ended.results();
    assert!(results["obeys[b.txt]"].starts_with("FAILED"), "{ended}");
    assert!(results["obeys[c.txt]"].starts_with("FAILED"), "{ended}");
    assert_eq!(results["obeys[d.txt]"], "ok", "{ended}");
    assert_eq!(results["obeys[e.txt]"], "ok", "{ended}");
    assert!(results["obeys[f.txt]"].starts_with("FAILED"), "{ended}");
    assert!(!results.contains_key("obeys[a.txt]"), "{ended}");
    let gone = ended.section("obeys[c.txt]");
    assert!(gone.contains("its file is not there any more"), "{ended}");
}
