//! Built-in fixtures under every runner, and the reports that a run writes to files.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::BufReader;
use std::path::{Path, PathBuf};

use itest::report::{Recorded, Reports, replay};
use serde_json::Value;

use crate::scene::{Ended, Scene};

const FAILS: &str = "fails_with_a_directory";

fn lines(path: &Path) -> Vec<Value> {
    let text = fs::read_to_string(path).expect("the events should be there");
    let lines = text.lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
        .collect()
}

/// What was attached under that name, decoded by eye: `Some(0)` and the like are short.
fn attached<'a>(events: &'a [Value], name: &str) -> &'a str {
    let is_it = |event: &&Value| event["event"] == "attached" && event["name"] == name;
    let event = events.iter().find(is_it).expect("it was attached");
    event["content"].as_str().expect("it is kept")
}

/// Of what is kept, the directory of the test that failed has its file. Where tests share a
/// process, the module's may be kept too.
#[track_caller]
fn must_keep_evidence(ended: &Ended, text: &str) {
    let kept = text.split("tmp_dir is kept: ").skip(1);
    let paths = kept.filter_map(|kept| Some(PathBuf::from(kept.lines().next()?.trim())));
    let paths: Vec<PathBuf> = paths.collect();
    let of_test = paths.iter().find(|path| path.ends_with(FAILS));
    let of_test = of_test.unwrap_or_else(|| panic!("it is not in {paths:?}; {ended}"));
    let evidence = fs::read_to_string(of_test.join("evidence")).expect("the file is kept");
    assert_eq!(evidence, "it was so");
}

#[test]
fn workers_have_all_of_them() {
    let scene = Scene::new();
    let ended = scene.run(scene.binary("builtins", &["--test-threads=2", "--show-output"]));
    ended.must_exit(101);
    assert_eq!(ended.counts(), (8, 1), "{ended}");
    must_keep_evidence(&ended, ended.section(FAILS));
    let printed = ended.section("gets_a_directory");
    let path = printed
        .trim()
        .strip_prefix("DIRECTORY ")
        .expect("it is printed");
    assert!(!Path::new(path).exists(), "{path} is still there; {ended}");
    // Of the run, there is what failed and nothing else. The module's directory is kept if its
    // test ran in the same process.
    let run = Path::new(path).parent().expect("a run has a directory");
    let left = fs::read_dir(run).expect("it is there").count();
    assert!((1..=2).contains(&left), "{left} directories; {ended}");
}

#[test]
fn one_process_has_all_but_the_output() {
    let scene = Scene::new();
    let words = ["--in-process", "--test-threads=4"];
    let ended = scene.run(scene.binary("builtins", &words));
    ended.must_exit(101);
    assert_eq!(ended.counts(), (7, 1), "{ended}");
    ended.must_say(&["`output` is there only where itest captures"]);
    must_keep_evidence(&ended, &ended.stdout);

    let words = ["--in-process", "--require=output"];
    let ended = scene.run(scene.binary("builtins", &words));
    assert_eq!(ended.counts(), (7, 2), "{ended}");
}

#[test]
fn a_run_writes_its_reports() {
    let scene = Scene::new();
    let file = |name: &str| scene.file(name).to_string_lossy().into_owned();
    let (events, page) = (file("events.jsonl"), file("report.html"));
    let mut command = scene.binary("builtins", &["--events", &events, "--html", &page]);
    command.env("ITEST_JUNIT", scene.file("junit.xml"));
    let ended = scene.run(command);
    ended.must_exit(101);
    let records = lines(Path::new(&events));
    assert_eq!(records[0]["event"], "run-started");
    assert_eq!(records.last().unwrap()["event"], "run-finished");
    // "Some(…": a worker has a number.
    assert!(
        attached(&records, "worker.txt").starts_with("U29tZS"),
        "{ended}"
    );
    let mut last: BTreeMap<String, f64> = BTreeMap::new();
    for record in &records {
        let at = record["at"].as_f64().expect("each has a time");
        if let Some(worker) = record["worker"].as_u64() {
            let last = last.entry(worker.to_string()).or_default();
            assert!(at >= *last, "worker {worker} goes back in time at {record}");
            *last = at;
        }
    }
    assert!(!last.is_empty(), "no worker has a number");
    assert!(fs::read_to_string(&page).unwrap().contains("</html>"));
    let junit = fs::read_to_string(scene.file("junit.xml")).unwrap();
    assert!(junit.contains("tests=\"9\" failures=\"1\""), "{junit}");
}

#[test]
fn an_unwritable_report_leaves_the_exit_code_to_the_tests() {
    let scene = Scene::new();
    let words = [
        "reserves_ports",
        "--events=/dev/null/x",
        "--junit=/dev/null/y",
    ];
    let ended = scene.run(scene.binary("builtins", &words));
    ended.must_exit(0);
    ended.must_say(&[
        "cannot write the event file",
        "cannot write the JUnit report",
    ]);
}

/// Every test is a process there; all add to one file, and one run is made of it.
#[test]
fn the_processes_of_nextest_write_one_file() {
    let scene = Scene::new();
    let Some(mut command) = scene.nextest("run", &["builtins"]) else {
        return;
    };
    let events = scene.file("events.jsonl");
    fs::write(&events, "{\"of\": \"an earlier run\"}\n").unwrap();
    command.env("ITEST_EVENTS", &events);
    command.env("ITEST_HTML", scene.file("no.html"));
    let ended = scene.run(command);
    ended.must_exit(100);
    assert!(!scene.file("no.html").exists());
    let started = |record: &&Value| record["event"] == "run-started";
    assert_eq!(lines(&events).iter().filter(started).count(), 1);

    let file = BufReader::new(File::open(&events).unwrap());
    let recorded = Recorded::read(file).unwrap();
    let reports = Reports {
        ctrf: Some(scene.file("ctrf.json")),
        ..Reports::default()
    };
    assert!(!replay(&recorded, &reports, None, false).unwrap());
    let text = fs::read_to_string(scene.file("ctrf.json")).unwrap();
    let ctrf: Value = serde_json::from_str(&text).unwrap();
    let summary = &ctrf["results"]["summary"];
    assert_eq!(summary["tests"], 9, "{summary}");
    assert_eq!(summary["failed"], 1, "{summary}");
    assert_eq!(summary["skipped"], 1, "{summary}");
    assert_eq!(summary["flaky"], 1, "{summary}");
}
