//! Processes are killed at random moments, or tests do their worst; whatever happens, nothing is
//! left, no other test suffers, and it shows.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::Command;
use std::time::Duration;

use libc::{SIGINT, SIGKILL, SIGTERM};

use crate::process::{self, Found};
use crate::scene::{Ended, LIMIT, Scene, until};

const RUNS: u64 = 30;

/// In the sample's `chaotic`.
const TESTS: usize = 16;

/// Steele, Lea and Flood's generator (2014).
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Random(seed)
    }

    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % bound
    }
}

/// How the tests are run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// A binary in full mode, by itself.
    Full,
    /// The same by `cargo test`.
    CargoTest,
    /// A binary with libtest's harness.
    DropIn,
    /// Either under nextest.
    Nextest,
    NextestDropIn,
    /// Either under `cargo itest`.
    CargoItest,
    CargoItestDropIn,
}
use Form::{CargoItest, CargoItestDropIn, CargoTest, DropIn, Full, Nextest, NextestDropIn};

/// Some more often than others.
const FORMS: [Form; 8] = [
    Full,
    Full,
    CargoTest,
    DropIn,
    Nextest,
    NextestDropIn,
    CargoItest,
    CargoItestDropIn,
];

impl Form {
    fn is_nextest(self) -> bool {
        matches!(self, Nextest | NextestDropIn)
    }

    /// Whether all tests share one process, by itself or below `cargo itest`.
    fn is_libtest(self) -> bool {
        matches!(self, DropIn | CargoItestDropIn)
    }

    /// Whether a process that dies costs one test only.
    fn has_workers(self) -> bool {
        !self.is_libtest()
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Target {
    Runner,
    Worker,
    SessionHost,
    Reaper,
    /// All of ours but the reapers, at once.
    All,
}

/// What a test can do.
const ACTS: [&str; 11] = [
    "abort", "segfault", "overflow", "exit", "hang", "wait", "panic", "close", "50 MB", "no UTF-8",
    "printer",
];

/// Those that take the process with them, and those that only fail.
const DEADLY: [&str; 5] = ["abort", "segfault", "overflow", "exit", "hang"];
const FAILING: [&str; 2] = ["wait", "panic"];

#[derive(Debug, Clone, PartialEq, Eq)]
enum Chaos {
    /// Nothing goes wrong.
    None,
    Signal {
        target: Target,
        signal: i32,
        /// After so many tests have begun, and so long.
        after: usize,
        delay: Duration,
    },
    Act {
        test: String,
        act: &'static str,
    },
}

/// What one run does, all of it from its seed.
#[derive(Debug)]
struct Script {
    form: Form,
    threads: u64,
    chaos: Chaos,
}

impl Script {
    fn new(seed: u64) -> Self {
        let mut random = Random::new(seed);
        // The first numbers of neighbouring seeds are not alike either, but this is cheap.
        random.below(1);
        let form = FORMS[random.below(FORMS.len() as u64) as usize];
        let threads = [1, 2, 8][random.below(3) as usize];
        let chaos = match random.below(12) {
            0 => Chaos::None,
            1..=6 => {
                let (target, signal) = match random.below(9) {
                    0 => (Target::Runner, SIGINT),
                    1 => (Target::Runner, SIGTERM),
                    2 => (Target::Runner, SIGKILL),
                    3 => (Target::Worker, SIGKILL),
                    4 => (Target::Worker, SIGTERM),
                    5 => (Target::SessionHost, SIGKILL),
                    6 => (Target::SessionHost, SIGTERM),
                    7 => (Target::Reaper, SIGKILL),
                    _ => (Target::All, SIGKILL),
                };
                Chaos::Signal {
                    target,
                    signal,
                    after: random.below(TESTS as u64) as usize,
                    delay: Duration::from_micros(random.below(8_000)),
                }
            }
            _ => {
                let act = ACTS[random.below(ACTS.len() as u64) as usize];
                let kind = if act == "wait" || random.below(2) == 0 {
                    "a"
                } else {
                    "s"
                };
                Chaos::Act {
                    test: format!("{kind}{}", random.below(TESTS as u64 / 2)),
                    act,
                }
            }
        };
        Script {
            form,
            threads,
            chaos,
        }
    }

    /// `None` where there is no nextest.
    fn command(&self, scene: &Scene) -> Option<Command> {
        let threads = format!("--test-threads={}", self.threads);
        let mut command = match self.form {
            Full => scene.binary("chaos", &[&threads]),
            DropIn => scene.binary("chaos_drop_in", &[&threads]),
            CargoTest => {
                let mut command = scene.cargo_test(&["chaos"]);
                command.args(["--", &threads, "--color=never"]);
                command
            }
            Nextest | NextestDropIn => {
                let target = if self.form == Nextest {
                    "chaos"
                } else {
                    "chaos_drop_in"
                };
                let mut command = scene.nextest("run", &[target])?;
                command.arg(threads);
                command
            }
            CargoItest => scene.cargo_itest(&["--test", "chaos", &threads]),
            CargoItestDropIn => scene.cargo_itest(&["--test", "chaos_drop_in", &threads]),
        };
        if let Chaos::Act { test, act } = &self.chaos {
            command.env("CHAOS", format!("{test} {act}"));
        }
        Some(command)
    }
}

fn number(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(
        text.parse()
            .unwrap_or_else(|_| panic!("`{name}` should be a number")),
    )
}

#[test]
fn chaos_at_random_moments() {
    let first = number("ITEST_CHAOS_SEED").unwrap_or(1);
    let runs = number("ITEST_CHAOS_RUNS").unwrap_or(RUNS);
    let only = std::env::var("ITEST_CHAOS_FORM").ok();
    let mut failed = Vec::new();
    for seed in first..first + runs {
        let mut script = Script::new(seed);
        if let Some(name) = &only {
            let named = FORMS.iter().find(|form| format!("{form:?}") == *name);
            script.form = *named.unwrap_or_else(|| panic!("`{name}` is none of {FORMS:?}"));
        }
        println!("ITEST_CHAOS_SEED={seed} ITEST_CHAOS_RUNS=1: {script:?}");
        // One that goes wrong does not keep the others from being looked at.
        if catch_unwind(|| play(&script)).is_err() {
            failed.push(seed);
        }
    }
    assert!(
        failed.is_empty(),
        "of {runs} runs, these went wrong: {failed:?}"
    );
}

#[test]
fn an_exit_in_a_test_is_a_failure_under_every_runner() {
    for form in [
        Full,
        DropIn,
        Nextest,
        NextestDropIn,
        CargoItest,
        CargoItestDropIn,
    ] {
        play(&Script {
            form,
            threads: 2,
            chaos: Chaos::Act {
                test: "s3".to_owned(),
                act: "exit",
            },
        });
    }
}

fn play(script: &Script) {
    let scene = Scene::new();
    let Some(command) = script.command(&scene) else {
        return;
    };
    let running = scene.start(command);
    let mut killed = BTreeSet::new();
    if let Chaos::Signal {
        target,
        signal,
        after,
        delay,
    } = script.chaos
    {
        let begun = |events: &[String]| events.iter().filter(|e| e.starts_with("begins")).count();
        until(LIMIT, || (begun(&scene.events()) >= after).then_some(()));
        std::thread::sleep(delay);
        let victims = match target {
            Target::Runner => vec![running.pid()],
            Target::SessionHost => pids(&scene, Found::is_session_host),
            Target::Worker => pids(&scene, |found| found.is_worker() || found.is_nextest_test()),
            Target::Reaper => pids(&scene, Found::is_reaper),
            Target::All => pids(&scene, |found| found.is_itest() && !found.is_reaper()),
        };
        let most = if target == Target::All { usize::MAX } else { 1 };
        // There may be none between two tests.
        for pid in victims.into_iter().take(most) {
            if process::signal(pid, signal) {
                killed.insert(pid);
            }
        }
    }
    let ended = running.wait();
    judge(script, &killed, &scene, &ended);
}

fn pids(scene: &Scene, is: fn(&Found) -> bool) -> Vec<u32> {
    let processes = scene.processes().into_iter();
    processes.filter(is).map(|process| process.pid).collect()
}

fn judge(script: &Script, killed: &BTreeSet<u32>, scene: &Scene, ended: &Ended) {
    let context = || {
        format!(
            "{script:?} killed: {killed:?} {ended} {:#?}",
            scene.events_of()
        )
    };
    // Neither a process nor a file, whoever was killed.
    if catch_unwind(AssertUnwindSafe(|| scene.nothing_is_left())).is_err() {
        panic!("something is left; {}", context());
    }
    let events = scene.events_of();
    let mut balance: BTreeMap<(u32, &str), (usize, usize)> = BTreeMap::new();
    for (pid, event) in &events {
        // What was registered is asked to end once, whoever does it.
        if let Some(name) = event.strip_prefix("server up ") {
            let downs = events
                .iter()
                .filter(|(of, event)| of == pid && *event == format!("server quit {name}"));
            assert_eq!(downs.count(), 1, "{name} {pid}; {}", context());
        }
        match event.split_once(' ') {
            Some((name, "up")) => balance.entry((*pid, name)).or_default().0 += 1,
            Some((name, "down")) => balance.entry((*pid, name)).or_default().1 += 1,
            _ => {}
        }
    }
    let deadly = matches!(&script.chaos, Chaos::Act { act, .. } if DEADLY.contains(act));
    let victim = match &script.chaos {
        Chaos::Act { test, .. } => {
            let begins = |event: &str| event.starts_with("begins") && event.ends_with(test);
            events
                .iter()
                .find(|(_, event)| begins(event))
                .map(|(pid, _)| *pid)
        }
        _ => None,
    };
    // libtest leaves it to the system what a signal does, and nextest sends it on.
    let signalled = matches!(
        script.chaos,
        Chaos::Signal {
            target: Target::Runner,
            ..
        }
    ) && matches!(script.form, DropIn | NextestDropIn | CargoItestDropIn);
    for ((pid, fixture), (ups, downs)) in balance {
        let died = killed.contains(&pid)
            || (deadly && victim == Some(pid))
            || (signalled && fixture != "hosted");
        // Each teardown that could run has run, exactly once.
        let right = if died { downs <= ups } else { downs == ups };
        assert!(
            right,
            "{fixture} of {pid}: {ups} up, {downs} down; {}",
            context()
        );
    }
    judge_results(script, killed, ended, &context);
}

/// The results of the tests, and the exit code.
fn judge_results(
    script: &Script,
    killed: &BTreeSet<u32>,
    ended: &Ended,
    context: &dyn Fn() -> String,
) {
    let form = script.form;
    let (passed, failed) = results(form, ended);
    let failure = if form.is_nextest() { 100 } else { 101 };
    match &script.chaos {
        Chaos::None
        | Chaos::Signal {
            target: Target::Reaper,
            ..
        } => {
            assert_eq!(
                (passed, failed, ended.code),
                (TESTS, 0, Some(0)),
                "{}",
                context()
            );
        }
        Chaos::Act { act, .. } => {
            let is_deadly = DEADLY.contains(act);
            let fails = usize::from(is_deadly || FAILING.contains(act));
            // All tests of a libtest process share one life, and one stdout.
            let is_shared = form.is_libtest() && (is_deadly || *act == "close");
            if !is_shared {
                assert_eq!((passed, failed), (TESTS - fails, fails), "{}", context());
            }
            match fails {
                // What libtest cannot print any more, `cargo itest` does not take for passed.
                0 if form == CargoItestDropIn && *act == "close" => {
                    assert_eq!(ended.code, Some(failure), "{}", context());
                }
                0 => assert_eq!(ended.code, Some(0), "{}", context()),
                // What kills a libtest process decides how it ends, but not well.
                _ if form.is_libtest() => assert_ne!(ended.code, Some(0), "{}", context()),
                _ => assert_eq!(ended.code, Some(failure), "{}", context()),
            }
        }
        Chaos::Signal {
            target: Target::Worker,
            ..
        } if form.has_workers() => {
            let most = killed.len();
            assert!(failed <= most && passed == TESTS - failed, "{}", context());
            let code = if failed > 0 { failure } else { 0 };
            // A worker that dies in its teardown fails the run, and no test.
            let right =
                ended.code == Some(code) || (!killed.is_empty() && ended.code == Some(failure));
            assert!(right, "{}", context());
        }
        Chaos::Signal { .. } => {
            // A process may be through with its work when it is killed: then nobody need notice.
            let all = passed == TESTS;
            let cargo = form == CargoTest;
            assert!(
                killed.is_empty() || all || cargo || ended.code != Some(0),
                "{}",
                context()
            );
        }
    }
}

/// How many tests passed, and how many did not.
fn results(form: Form, ended: &Ended) -> (usize, usize) {
    let is = |word: &'static str| move |line: &&str| line.trim_start().starts_with(word);
    if form.is_nextest() {
        let bad = ["FAIL", "SIG", "TIMEOUT", "ABORT"];
        let passed = ended.stderr.lines().filter(is("PASS")).count();
        // They are told once more at the end.
        let all = ended
            .stderr
            .lines()
            .take_while(|line| !line.contains("Summary ["));
        let failed = all.filter(|line| bad.iter().any(|word| is(word)(line)));
        return (passed, failed.count());
    }
    if ended.stdout.contains("\ntest result: ") {
        return ended.counts();
    }
    // It did not come to its end.
    let lines = || {
        ended
            .stdout
            .lines()
            .filter(|line| line.starts_with("test "))
    };
    let passed = lines().filter(|line| line.ends_with(" ... ok")).count();
    let failed = lines().filter(|line| line.contains(" ... FAILED") || line.contains(" ... ERROR"));
    (passed, failed.count())
}
