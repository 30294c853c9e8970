//! A test that takes its process with it, or prints whatever it can: only its own result suffers.

use crate::scene::{Ended, Scene};

/// What becomes of a victim.
#[derive(Clone, Copy, PartialEq)]
enum Victim {
    /// It passes.
    Passes,
    /// It fails; its worker lives on.
    Fails,
    /// It fails with its worker, which is replaced.
    Dies,
}
use Victim::{Dies, Fails, Passes};

/// Modules of the sample's `crash`, and what is said of the victim.
const CASES: &[(&str, Victim, &[&str])] = &[
    ("aborts", Dies, &["killed by signal 6 (SIGABRT, abort)"]),
    ("exits_0", Dies, &["no newline", "exited with code 0"]),
    ("exits_3", Dies, &["last words\n", "exited with code 3"]),
    ("segfaults", Dies, &["killed by signal 11 (SIGSEGV"]),
    (
        "overflows_stack",
        Dies,
        &["has overflowed its stack", "killed by signal 6"],
    ),
    ("hangs", Dies, &["hanging\n", "200"]),
    ("blocks_in_async", Dies, &["blocking\n", "200"]),
    ("waits_in_async", Fails, &["waiting\n", "200"]),
    ("kills_itself", Dies, &["killed by signal 9 (SIGKILL)"]),
    ("closes_output", Passes, &[]),
    ("leaves_output_closed", Passes, &[]),
    ("prints_20_mb", Fails, &["after 20 MB"]),
    (
        "prints_no_utf8",
        Fails,
        &["\u{fffd}\u{fffd} raw\n", "after \u{fffd}"],
    ),
    ("leaves_a_thread", Passes, &[]),
    ("has_a_child", Passes, &[]),
    ("calls_puts", Passes, &[]),
    (
        "panics_with_a_thread_that_holds_stdout",
        Fails,
        &["half a line", "the test"],
    ),
];

/// Tests of `bystanders`.
const BYSTANDERS: usize = 8;

fn check_victim(ended: &Ended, module: &str, victim: Victim, texts: &[&str]) {
    let test = format!("{module}::b_victim");
    let result = ended.results()[test.as_str()];
    let expected = if victim == Passes { "ok" } else { "FAILED" };
    assert!(result.starts_with(expected), "{test} is {result}; {ended}");
    let section = ended.section(&test);
    for text in texts {
        assert!(
            section.contains(text),
            "{test} does not say {text:?}: {section:.2000}"
        );
    }
}

fn check_case(module: &str, victim: Victim, texts: &[&str]) {
    for threads in ["1", "2", "8"] {
        let scene = Scene::new();
        let threads = format!("--test-threads={threads}");
        let only = format!("{module}::");
        let words = [only.as_str(), "bystanders::", &threads];
        let ended = scene.run(scene.binary("crash", &words));

        check_victim(&ended, module, victim, texts);
        let failed = usize::from(victim != Passes);
        assert_eq!(ended.counts(), (3 + BYSTANDERS - failed, failed), "{ended}");
        ended.must_exit(if failed == 0 { 0 } else { 101 });
        // What was in a worker that died was not torn down; its successor sets up anew.
        let died = usize::from(victim == Dies);
        assert_eq!(scene.ups_and_downs("server"), (1, 1), "{threads} {ended}");
        assert_eq!(
            scene.ups_and_downs("table"),
            (1 + died, 1),
            "{threads} {ended}"
        );
        assert_eq!(
            scene.ups_and_downs("row"),
            (3, 3 - died),
            "{threads} {ended}"
        );
        scene.nothing_is_left();
    }
}

/// A test for each case.
macro_rules! cases {
    ($($(#[$known:meta])* $module:ident)*) => {
        $(
            #[test]
            $(#[$known])*
            fn $module() {
                let case = CASES.iter().find(|(module, ..)| *module == stringify!($module));
                let (module, victim, texts) = case.expect("the case is in the table");
                check_case(module, *victim, texts);
            }
        )*

        #[test]
        fn all_cases_have_a_test() {
            let names = [$(stringify!($module)),*];
            assert_eq!(names.to_vec(), CASES.iter().map(|(name, ..)| *name).collect::<Vec<_>>());
        }
    };
}

cases! {
    aborts exits_0 exits_3 segfaults overflows_stack hangs blocks_in_async
    waits_in_async
    kills_itself closes_output leaves_output_closed prints_20_mb
    prints_no_utf8
    leaves_a_thread has_a_child calls_puts
    panics_with_a_thread_that_holds_stdout
}

/// What a test does to the output of its worker lasts; see the ignored test below.
const LASTING: [&str; 2] = ["closes_output", "leaves_output_closed"];

#[test]
fn all_victims_together() {
    let cases: Vec<_> = CASES
        .iter()
        .filter(|(module, ..)| !LASTING.contains(module))
        .collect();
    let count = |is: fn(Victim) -> bool| cases.iter().filter(|(_, victim, _)| is(*victim)).count();
    let failed = count(|victim| victim != Passes);
    let died = count(|victim| victim == Dies);
    for threads in ["1", "2", "8"] {
        let scene = Scene::new();
        let threads = format!("--test-threads={threads}");
        let mut words = vec![threads.as_str(), "bystanders::"];
        words.extend(cases.iter().map(|(module, ..)| *module));
        let ended = scene.run(scene.binary("crash", &words));
        for (module, victim, _) in &cases {
            check_victim(&ended, module, *victim, &[]);
        }
        let all = 3 * cases.len();
        assert_eq!(
            ended.counts(),
            (all + BYSTANDERS - failed, failed),
            "{ended}"
        );
        ended.must_exit(101);
        assert_eq!(scene.ups_and_downs("server"), (1, 1));
        assert_eq!(
            scene.ups_and_downs("table"),
            (cases.len() + died, cases.len())
        );
        assert_eq!(scene.ups_and_downs("row"), (all, all - died));
        scene.nothing_is_left();
    }
}

#[test]
fn output_that_a_test_closed_is_open_for_the_next() {
    for module in LASTING {
        let scene = Scene::new();
        let words = [module, "fails_at_last", "--test-threads=1"];
        let ended = scene.run(scene.binary("crash", &words));
        assert_eq!(ended.counts(), (3, 1), "{ended}");
        let shown = ended.section("fails_at_last");
        assert!(shown.contains("said before"), "{module}: {shown}");
    }
}

#[test]
fn what_a_test_leaves_ends_with_its_worker() {
    let scene = Scene::new();
    let ended = scene.run(scene.binary("crash", &["leaves_a_child"]));
    assert_eq!(scene.count("child left"), 1, "{ended}");
    ended.must_exit(0);
    scene.nothing_is_left();
}
