//! The driver: runs every case in every mode and compares.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

use crate::vocabulary::{Case, DropIn, EVENTS, running};

/// After which a binary under test is taken to hang.
const LIMIT: Duration = Duration::from_secs(30);

/// The outcome of a test that the report does not mention.
const NOT_RUN: &str = "not-run";

/// How many lines of what a failing case printed are shown.
const SHOWN: usize = 40;

/// The exit code of a run with failures.
const FAILED: i32 = 101;

/// A case in one mode.
#[derive(Clone, Copy)]
struct Run<'a> {
    case: &'static Case,
    mode: Mode,
    /// Of the case, by their full names.
    tests: &'a [String],
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    /// Full mode, tests in worker processes.
    Workers,
    /// Full mode, tests in the process itself.
    InProcess,
    /// Under libtest's harness.
    DropIn,
}

/// What happened in a run, or should have.
#[derive(Debug, Default, PartialEq, Eq)]
struct Observed {
    events: String,
    outcomes: BTreeMap<String, String>,
    exit: Option<i32>,
}

/// What a run wrote.
struct Output {
    stdout: String,
    stderr: String,
    exit: Option<i32>,
}

impl Run<'_> {
    /// Its tests as the binary reports them: libtest has one for all that is in brackets.
    fn reported(&self) -> Vec<&str> {
        let names = self.tests.iter().map(|test| match self.mode {
            Mode::DropIn => test.split('[').next().unwrap_or_default(),
            Mode::Workers | Mode::InProcess => test,
        });
        let mut names: Vec<&str> = names.collect();
        names.dedup();
        names
    }

    fn label(&self) -> String {
        let mode = match self.mode {
            Mode::Workers => "workers",
            Mode::InProcess => "in-process",
            Mode::DropIn => "drop-in",
        };
        format!("{} ({mode})", self.case.id)
    }

    /// Whether an entry of `KNOWN` is about this run: `TD-70`, or `TD-70 (drop-in)`.
    fn is(&self, known: &str) -> bool {
        known == self.case.id || known == self.label()
    }
}

pub(crate) fn main(known: &[(&str, &str)]) -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    if args.iter().any(|arg| arg == "--list") {
        // A runner that asks for tests one by one finds none.
        return ExitCode::SUCCESS;
    }
    let filters: Vec<&String> = args.iter().filter(|arg| !arg.starts_with('-')).collect();
    let tests = match list_tests() {
        Ok(tests) => tests,
        Err(problem) => {
            println!("{problem}\nno case was run because of the problem above");
            return ExitCode::FAILURE;
        }
    };
    let all = runs(&tests);
    let selected: Vec<Run<'_>> = all
        .iter()
        .copied()
        .filter(|run| {
            let label = run.label();
            filters.is_empty() || filters.iter().any(|filter| label.contains(*filter))
        })
        .collect();
    let mut said = String::new();
    let mut failed = 0;
    for problem in check_list(&all, known) {
        failed += 1;
        let _ = writeln!(said, "FAILED {problem}");
    }
    let (failures, problem) = run_all(&selected);
    if let Some(problem) = problem {
        failed += 1;
        let _ = writeln!(said, "FAILED the drop-in binary: {problem}");
    }
    let mut known_failures = 0;
    for (run, failure) in selected.iter().zip(&failures) {
        let known = known.iter().find(|(label, _)| run.is(label));
        match (failure, known) {
            (None, None) => {}
            (Some(failure), None) => {
                failed += 1;
                let (file, line) = run.case.place;
                let (label, title) = (run.label(), run.case.title);
                let _ = writeln!(
                    said,
                    "FAILED {label} · {title}\n  --> {file}:{line}\n{failure}"
                );
            }
            (Some(_), Some((_, why))) => {
                known_failures += 1;
                let label = run.label();
                let _ = writeln!(said, "known  {label} · {}\n  {why}", run.case.title);
            }
            (None, Some(_)) => {
                failed += 1;
                let _ = writeln!(said, "FAILED {}: it is in `KNOWN`, and passes", run.label());
            }
        }
    }
    let passed = selected.len() - failures.iter().flatten().count();
    println!("{said}{passed} passed, {failed} failed, {known_failures} known failures");
    ExitCode::from(u8::from(failed > 0))
}

/// Every test of the binary under test; fails if it cannot plan all cases, which share it.
fn list_tests() -> Result<Vec<String>, String> {
    let binary = std::env::current_exe().expect("the driver should know its own path");
    let directory = Directory::new("list");
    let output = Command::new(binary)
        .args(["--list", "--format=terse"])
        .env(EVENTS, directory.file("events"))
        .output()
        .map_err(|error| format!("the binary under test does not start: {error}"))?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    let listed = String::from_utf8_lossy(&output.stdout);
    let names = listed
        .lines()
        .filter_map(|line| line.strip_suffix(": test"));
    Ok(names.map(str::to_owned).collect())
}

/// Every case in every mode that it says something about, in the order of the source.
fn runs(tests: &[String]) -> Vec<Run<'_>> {
    let mut cases: Vec<&'static Case> = inventory::iter::<Case>.into_iter().collect();
    cases.sort_by_key(|case| case.place);
    let modes = [Mode::Workers, Mode::InProcess, Mode::DropIn];
    let runs = modes.into_iter().flat_map(|mode| {
        let cases = cases.iter().map(move |case| Run {
            case,
            mode,
            tests: tests_of(case, tests),
        });
        cases.filter(|run| run.mode != Mode::DropIn || run.case.drop_in != DropIn::No)
    });
    runs.collect()
}

/// The tests of a case, which the list has in one piece.
fn tests_of<'a>(case: &Case, tests: &'a [String]) -> &'a [String] {
    let path = case.module_path;
    let module = path.split_once("::").map_or(path, |(_, module)| module);
    let belongs = |test: &String| {
        let rest = test.strip_prefix(module);
        rest.is_some_and(|rest| rest.starts_with("::"))
    };
    let from = tests.iter().position(&belongs).unwrap_or(tests.len());
    let count = tests[from..]
        .iter()
        .take_while(|test| belongs(test))
        .count();
    &tests[from..from + count]
}

/// What is wrong with the list of cases itself.
fn check_list(runs: &[Run<'_>], known: &[(&str, &str)]) -> Vec<String> {
    let mut problems = Vec::new();
    for (index, run) in runs.iter().enumerate() {
        let label = run.label();
        if runs[..index].iter().any(|other| other.label() == label) {
            problems.push(format!("two cases are called {label}"));
        }
        let name = run.case.id.to_lowercase().replace('-', "_");
        if !run.case.module_path.ends_with(&format!("::{name}")) {
            problems.push(format!("{label} does not stand in a module `{name}`"));
        }
        if run.tests.is_empty() {
            problems.push(format!("{label} has no tests"));
        }
    }
    for (label, _) in known {
        if !runs.iter().any(|run| run.is(label)) {
            problems.push(format!("{label} is in `KNOWN`, and there is no such case"));
        }
    }
    problems
}

/// One entry per run: what is wrong, if something is; and why there is no drop-in binary.
fn run_all(runs: &[Run<'_>]) -> (Vec<Option<String>>, Option<String>) {
    let full = std::env::current_exe().expect("the driver should know its own path");
    let drop_in = if runs.iter().any(|run| run.mode == Mode::DropIn) {
        Some(build_drop_in(&full))
    } else {
        None
    };
    let directory = Directory::new("events");
    let results: Vec<Mutex<Option<String>>> = runs.iter().map(|_| Mutex::default()).collect();
    let next = AtomicUsize::new(0);
    let threads = thread::available_parallelism().map_or(2, |n| n.get().clamp(2, 4));
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(run) = runs.get(index) else { break };
                    let binary = match (run.mode, &drop_in) {
                        (Mode::Workers | Mode::InProcess, _) => &full,
                        (Mode::DropIn, Some(Ok(binary))) => binary,
                        (Mode::DropIn, _) => continue,
                    };
                    let events = directory.file(&index.to_string());
                    let failure = check(*run, binary, &events);
                    *results[index].lock().expect("no thread panicked") = failure;
                }
            });
        }
    });
    let results = results
        .into_iter()
        .map(|result| result.into_inner().expect("no thread panicked"))
        .collect();
    (results, drop_in.and_then(Result::err))
}

/// A temporary directory, removed with what is in it.
struct Directory(PathBuf);

impl Directory {
    fn new(what: &str) -> Self {
        let name = format!("itest-conformance-{what}-{}", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).expect("a temporary directory should be made");
        Directory(path)
    }

    /// A new empty file.
    fn file(&self, name: &str) -> PathBuf {
        let path = self.0.join(name);
        std::fs::write(&path, "").expect("a temporary file should be made");
        path
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        // Left-overs there do not matter.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Builds `conformance_drop_in` as this binary was built.
fn build_drop_in(driver: &Path) -> Result<PathBuf, String> {
    // target/PROFILE/deps/conformance-…
    let profile = driver.parent().and_then(Path::parent);
    let target = profile.and_then(Path::parent);
    let (Some(profile), Some(target)) = (profile.and_then(Path::file_name), target) else {
        return Err(format!("{} is in no target directory", driver.display()));
    };
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(["test", "--no-run", "--offline", "--package", "itest-core"]);
    command.args(["--test", "conformance_drop_in", "--message-format=json"]);
    match profile.to_str() {
        Some("debug") => {}
        Some(profile) => {
            command.args(["--profile", profile]);
        }
        None => return Err("the profile's name is not UTF-8".to_owned()),
    }
    command.arg("--target-dir").arg(target);
    if let Some(package) = std::env::var_os("CARGO_MANIFEST_DIR") {
        command.current_dir(package);
    }
    let output = command
        .output()
        .map_err(|error| format!("cargo does not start: {error}"))?;
    let stdout = String::from_utf8_lossy(&output.stdout);
    let messages = stdout
        .lines()
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    let executable = messages
        .filter(|message| message["target"]["name"] == "conformance_drop_in")
        .find_map(|message| Some(PathBuf::from(message["executable"].as_str()?)));
    executable.ok_or_else(|| {
        format!(
            "it does not build\n{}",
            String::from_utf8_lossy(&output.stderr)
        )
    })
}

/// What is wrong with a run.
fn check(run: Run<'_>, binary: &Path, events: &Path) -> Option<String> {
    let output = match execute(run, binary, events) {
        Ok(output) => output,
        Err(problem) => return Some(format!("  {problem}")),
    };
    let written = std::fs::read_to_string(events).expect("the events should be readable");
    let mut outcomes = match run.mode {
        Mode::Workers | Mode::InProcess => outcomes_of_report(&output),
        Mode::DropIn => outcomes_of_libtest(&output),
    };
    for test in run.reported() {
        let name = last_segment(test).to_owned();
        outcomes.entry(name).or_insert_with(|| NOT_RUN.to_owned());
    }
    let observed = Observed {
        events: written.split_whitespace().collect::<Vec<_>>().join(" "),
        outcomes,
        exit: output.exit,
    };
    let expected = expected(run);
    let text = match run.mode {
        Mode::Workers | Mode::InProcess => missing_text(run.case.texts, &output.stdout),
        Mode::DropIn => None,
    };
    if observed == expected && text.is_none() {
        return None;
    }
    Some(describe(&expected, &observed, text, &output))
}

/// What should be observed; a test that is not mentioned passes.
fn expected(run: Run<'_>) -> Observed {
    let events = match (run.mode, &run.case.drop_in) {
        (Mode::DropIn, DropIn::Events(events)) => events,
        _ => run.case.events,
    };
    let mut outcomes: BTreeMap<String, String> = run
        .case
        .outcomes
        .split_whitespace()
        .filter_map(|entry| entry.split_once(':'))
        .map(|(test, outcome)| (test.to_owned(), outcome.to_owned()))
        .collect();
    let failed = outcomes
        .values()
        .any(|outcome| outcome.contains("failed") && outcome != "xfailed" || is_error(outcome));
    for test in run.reported() {
        let name = last_segment(test).to_owned();
        outcomes.entry(name).or_insert_with(|| "passed".to_owned());
    }
    if run.mode == Mode::DropIn {
        outcomes.values_mut().for_each(|outcome| {
            // libtest tells failed tests from others and no more.
            if outcome.ends_with("+error@teardown") {
                *outcome = "failed+error@teardown".to_owned();
            }
        });
    }
    Observed {
        events: events.split_whitespace().collect::<Vec<_>>().join(" "),
        outcomes,
        exit: Some(if failed { FAILED } else { 0 }),
    }
}

fn is_error(outcome: &str) -> bool {
    outcome.contains("error@")
}

/// Starts the binary under test and waits for its end.
fn execute(run: Run<'_>, binary: &Path, events: &Path) -> Result<Output, String> {
    let mut command = Command::new(binary);
    command
        .args(run.reported())
        .args(["--exact", "--test-threads=1", "--color=never"])
        .args(run.case.args)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    match run.mode {
        Mode::Workers => {}
        Mode::InProcess => {
            command.arg("--in-process");
        }
        // What itest prints in tests that pass says how they ended.
        Mode::DropIn => {
            command.arg("--show-output");
        }
    }
    for (name, _) in std::env::vars_os() {
        let ours = ["ITEST_", "RUST_TEST_", "RUST_BACKTRACE", "NEXTEST"];
        if name
            .to_str()
            .is_some_and(|name| ours.iter().any(|prefix| name.starts_with(prefix)))
        {
            command.env_remove(name);
        }
    }
    let (case, id) = running(run.case.id);
    command.env(EVENTS, events).env(case, id);
    let mut child = command
        .spawn()
        .map_err(|error| format!("{} does not start: {error}", binary.display()))?;
    let stdout = read(child.stdout.take().expect("stdout is piped"));
    let stderr = read(child.stderr.take().expect("stderr is piped"));
    let (stdout, stderr) = match (stdout.recv_timeout(LIMIT), stderr.recv_timeout(LIMIT)) {
        (Ok(stdout), Ok(stderr)) => (stdout, stderr),
        _ => {
            // It may have ended just now.
            let _ = child.kill();
            let _ = child.wait();
            return Err(format!("it did not end within {LIMIT:?}"));
        }
    };
    let status = child.wait().map_err(|error| error.to_string())?;
    Ok(Output {
        stdout,
        stderr,
        exit: status.code(),
    })
}

/// Reads to the end on a thread of its own.
fn read(mut from: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut bytes = Vec::new();
        // What was read up to an error is what there is to compare.
        let _ = from.read_to_end(&mut bytes);
        let _ = sender.send(String::from_utf8_lossy(&bytes).into_owned());
    });
    receiver
}

/// From the lines of itest's `pretty` report.
fn outcomes_of_report(output: &Output) -> BTreeMap<String, String> {
    let mut outcomes: BTreeMap<String, String> = BTreeMap::new();
    for line in output.stdout.lines() {
        if let Some((test, result)) = test_line(line) {
            let word = result.split([',', ' ']).next().unwrap_or_default();
            let outcome = match word {
                "ok" => "passed",
                "FAILED" => "failed",
                "ERROR" => "error@setup",
                "ignored" => "skipped",
                other => other,
            };
            outcomes.insert(last_segment(test).to_owned(), outcome.to_owned());
        } else if let Some(of) = line.strip_prefix("ERROR at teardown of ") {
            // A test, or `module fixture path (instance)`.
            match of.split_once(" fixture ") {
                None => outcomes
                    .entry(last_segment(of).to_owned())
                    .or_default()
                    .push_str("+error@teardown"),
                Some((_, fixture)) => {
                    let path = fixture.split(' ').next().unwrap_or_default();
                    let name = last_segment(path).to_owned();
                    outcomes.insert(name, "error@teardown".to_owned());
                }
            }
        }
    }
    outcomes
}

/// From libtest's report: its lines, and what itest printed in the tests.
fn outcomes_of_libtest(output: &Output) -> BTreeMap<String, String> {
    let mut outcomes = BTreeMap::new();
    for line in output.stdout.lines() {
        let Some((test, result)) = test_line(line) else {
            continue;
        };
        let printed = section(&output.stdout, test);
        let says = |prefix: &str| printed.lines().any(|line| line.starts_with(prefix));
        let outcome = if says("error at teardown of") {
            "failed+error@teardown"
        } else if result.starts_with("FAILED") && printed.contains("failed in setup") {
            "error@setup"
        } else if result.starts_with("FAILED") {
            "failed"
        } else if result.starts_with("ignored") || says("skipped: ") {
            "skipped"
        } else if says("xfailed: ") {
            "xfailed"
        } else if says("xpassed: ") {
            "xpassed"
        } else {
            "passed"
        };
        outcomes.insert(last_segment(test).to_owned(), outcome.to_owned());
    }
    // What was torn down at the exit.
    for line in output.stderr.lines() {
        let path = line
            .strip_prefix("Error: fixture `")
            .and_then(|rest| rest.strip_suffix("` failed in teardown"));
        if let Some(path) = path {
            outcomes.insert(last_segment(path).to_owned(), "error@teardown".to_owned());
        }
    }
    outcomes
}

/// `test NAME ... RESULT`
fn test_line(line: &str) -> Option<(&str, &str)> {
    line.strip_prefix("test ")?.split_once(" ... ")
}

/// What a test printed, as libtest shows it.
fn section<'a>(stdout: &'a str, test: &str) -> &'a str {
    let head = format!("---- {test} stdout ----\n");
    let body = stdout.split_once(&head).map_or("", |(_, body)| body);
    body.split("\n---- ").next().unwrap_or_default()
}

fn last_segment(path: &str) -> &str {
    path.rsplit("::").next().unwrap_or(path)
}

/// The first of the texts that does not stand behind those before it.
fn missing_text<'a>(texts: &[&'a str], stdout: &str) -> Option<&'a str> {
    let mut rest = stdout;
    for text in texts {
        match rest.split_once(text) {
            Some((_, behind)) => rest = behind,
            None => return Some(text),
        }
    }
    None
}

/// What differs, the expected above the observed.
fn describe(
    expected: &Observed,
    observed: &Observed,
    text: Option<&str>,
    output: &Output,
) -> String {
    let mut said = String::new();
    let outcomes = |outcomes: &BTreeMap<String, String>| {
        let entries = outcomes
            .iter()
            .map(|(test, outcome)| format!("{test}:{outcome}"));
        entries.collect::<Vec<_>>().join(" ")
    };
    let mut line = |what: &str, expected: String, observed: String| {
        if expected != observed {
            let _ = writeln!(said, "  {what:9} expected: {expected}");
            let _ = writeln!(said, "  {what:9} observed: {observed}");
        }
    };
    line("events", expected.events.clone(), observed.events.clone());
    line(
        "outcomes",
        outcomes(&expected.outcomes),
        outcomes(&observed.outcomes),
    );
    line(
        "exit code",
        format!("{:?}", expected.exit),
        format!("{:?}", observed.exit),
    );
    if let Some(text) = text {
        let _ = writeln!(said, "  the report does not say {text:?} where it should");
    }
    for (name, text) in [("stdout", &output.stdout), ("stderr", &output.stderr)] {
        let mut lines = text.lines().filter(|line| !line.trim().is_empty());
        for (index, line) in lines.by_ref().take(SHOWN).enumerate() {
            let name = if index == 0 { name } else { "" };
            let _ = writeln!(said, "  {name:9} {line}");
        }
        if lines.next().is_some() {
            let _ = writeln!(said, "  {:9} …", "");
        }
    }
    said
}
