use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::sync::mpsc;
use std::time::Duration;

use super::super::suite::{Launch, Suite, SuiteTest, Summary};
use super::{AT_ONCE, Batch, Known, Manner, Schedule};
use crate::plan::{HeldLock, Verdict};

fn test(name: &str) -> SuiteTest {
    SuiteTest {
        name: name.into(),
        file: "".into(),
        line: 0,
        markers: Vec::new(),
        verdict: Verdict::Run,
        locks: vec![HeldLock::serial(false)].into(),
        instances: Vec::new(),
        worker_fixtures: Vec::new(),
        session: false,
        registered: None,
    }
}

fn locked(name: &str, lock: &str, exclusive: bool) -> SuiteTest {
    let mut test = test(name);
    test.locks.to_mut().push(HeldLock {
        name: lock.to_owned(),
        exclusive,
    });
    test
}

fn serial(name: &str) -> SuiteTest {
    SuiteTest {
        locks: vec![HeldLock::serial(true)].into(),
        ..test(name)
    }
}

/// Of a module whose fixture has that number.
fn of_module(name: &str, instance: u32) -> SuiteTest {
    SuiteTest {
        instances: vec![instance],
        ..test(name)
    }
}

fn with_pool(name: &str) -> SuiteTest {
    SuiteTest {
        worker_fixtures: vec![0],
        ..test(name)
    }
}

fn suite(tests: Vec<SuiteTest>) -> Suite {
    Suite {
        id: "".into(),
        summary: Summary {
            tests,
            filtered_out: 0,
            ..Summary::default()
        },
        launch: Launch::Again,
    }
}

fn numbered(count: usize) -> Vec<SuiteTest> {
    (0..count).map(|n| test(&format!("t{n}"))).collect()
}

fn schedule(suites: &[Suite], executors: usize) -> Schedule {
    let manner = Manner {
        executors,
        shuffle: None,
        in_order: false,
        repeat: 1,
        max_fail: None,
        session_comes: false,
    };
    Schedule::new(suites, manner, |_, _| Known::default())
}

fn names(suites: &[Suite], batch: &Batch<'_>) -> Vec<String> {
    let tests = &suites[batch.suite].summary.tests;
    let names = batch.tests.iter().map(|test| tests[*test].name.to_string());
    names.collect()
}

/// What one executor gets when it takes all that there is.
fn drain(schedule: &Schedule, executor: usize, suites: &[Suite]) -> Vec<String> {
    let mut all = Vec::new();
    while let Some(batch) = schedule.next(executor) {
        all.extend(names(suites, &batch));
    }
    all
}

#[test]
fn one_executor_keeps_the_order() {
    let mixed = vec![
        of_module("a", 0),
        serial("b"),
        of_module("c", 0),
        with_pool("d"),
        locked("e", "x", true),
        test("f"),
    ];
    let mut left_out = numbered(3);
    left_out[1].verdict = Verdict::LeftOut;
    let suites = [suite(mixed), suite(left_out)];
    let all = drain(&schedule(&suites, 1), 0, &suites);
    assert_eq!(all, ["a", "b", "c", "d", "e", "f", "t0", "t2"]);
}

#[test]
fn tests_of_a_part_go_to_one_executor() {
    let tests = vec![
        of_module("a1", 0),
        of_module("b1", 1),
        of_module("a2", 0),
        of_module("b2", 1),
    ];
    let suites = [suite(tests)];
    let schedule = schedule(&suites, 2);
    let first = schedule.next(0).map(|batch| names(&suites, &batch));
    let second = schedule.next(1).map(|batch| names(&suites, &batch));
    assert_eq!(first, Some(vec!["a1".to_owned()]));
    assert_eq!(second, Some(vec!["b1".to_owned()]));
    assert_eq!(drain(&schedule, 1, &suites), ["b2"]);
    assert_eq!(drain(&schedule, 0, &suites), ["a2"]);
}

#[test]
fn what_is_locked_waits_and_other_work_goes_on() {
    let mut tests = numbered(2);
    tests.push(locked("x1", "x", true));
    tests.push(locked("x2", "x", true));
    tests.push(locked("x3", "x", false));
    let suites = [suite(tests)];
    let schedule = schedule(&suites, 3);
    let holder = schedule.next(0).expect("there is something");
    assert_eq!(names(&suites, &holder), ["x1"], "who queues starts first");
    for expected in ["t0", "t1"] {
        let other = schedule.next(1).expect("there is other work");
        assert_eq!(names(&suites, &other), [expected]);
    }
    // Now there is only what waits.
    let (sender, received) = mpsc::channel();
    std::thread::scope(|scope| {
        let (schedule, suites) = (&schedule, &suites);
        scope.spawn(move || {
            let batch = schedule.next(1).expect("there is something left");
            sender.send(names(suites, &batch)).unwrap();
        });
        assert!(received.try_recv().is_err(), "`x` is held");
        drop(holder);
        assert_eq!(received.recv().unwrap(), ["x2"]);
    });
    assert_eq!(drain(&schedule, 2, &suites), ["x3"]);
}

#[test]
fn locks_hold_across_binaries() {
    let suites = [
        suite(vec![locked("a", "x", true)]),
        suite(vec![locked("b", "x", false), test("c")]),
    ];
    let schedule = schedule(&suites, 2);
    let holder = schedule.next(0).expect("there is something");
    let beside = schedule.next(1).expect("there is something");
    let mut both = [names(&suites, &holder), names(&suites, &beside)].concat();
    both.sort();
    assert_ne!(both, ["a", "b"], "`a` excludes `b`");
}

#[test]
fn serial_tests_run_alone_at_the_end() {
    let mut tests = vec![serial("s")];
    tests.extend(numbered(3));
    let suites = [suite(tests)];
    let schedule = schedule(&suites, 2);
    assert_eq!(drain(&schedule, 0, &suites), ["t0", "t1", "t2", "s"]);
}

#[test]
fn batches_grow_when_tests_prove_to_be_short() {
    let suites = [suite(numbered(8 * AT_ONCE))];
    let schedule = schedule(&suites, 2);
    let size = |schedule: &Schedule| schedule.next(0).map(|batch| batch.tests.len());
    assert_eq!(size(&schedule), Some(1), "nothing is known yet");
    schedule.took(1, Duration::from_micros(5));
    assert_eq!(size(&schedule), Some(AT_ONCE));
    for _ in 0..20 {
        schedule.took(1, Duration::from_millis(5));
    }
    assert_eq!(size(&schedule), Some(4));
    for _ in 0..20 {
        schedule.took(1, Duration::from_secs(5));
    }
    assert_eq!(size(&schedule), Some(1));
}

#[test]
fn batches_shrink_towards_the_end() {
    let suites = [suite(numbered(100))];
    let schedule = schedule(&suites, 4);
    schedule.took(1, Duration::from_micros(5));
    let mut sizes = Vec::new();
    while let Some(batch) = schedule.next(0) {
        sizes.push(batch.tests.len());
    }
    assert_eq!(sizes.iter().sum::<usize>(), 100);
    assert!(sizes.is_sorted_by(|a, b| a >= b), "{sizes:?}");
    assert_eq!((sizes.first(), sizes.last()), (Some(&12), Some(&1)));
}

#[test]
fn one_by_one_is_one_by_one() {
    let suites = [suite(numbered(9))];
    let manner = Manner {
        executors: 2,
        shuffle: None,
        in_order: false,
        repeat: 1,
        max_fail: NonZeroUsize::new(1),
        session_comes: false,
    };
    let schedule = Schedule::new(&suites, manner, |_, _| Known::default());
    schedule.took(1, Duration::ZERO);
    while let Some(batch) = schedule.next(0) {
        assert_eq!(batch.tests.len(), 1);
    }
}

#[test]
fn the_longest_goes_first() {
    let suites = [suite(vec![
        test("short"),
        of_module("long", 0),
        test("longest"),
        of_module("long too", 0),
    ])];
    let manner = Manner {
        executors: 2,
        shuffle: None,
        in_order: false,
        repeat: 1,
        max_fail: None,
        session_comes: false,
    };
    let known = [1, 30, 50, 40].map(Duration::from_millis);
    let schedule = Schedule::new(&suites, manner, |_, index| Known {
        expected: Some(known[index]),
        ..Known::default()
    });
    let all = drain(&schedule, 0, &suites);
    assert_eq!(all, ["long", "long too", "longest", "short"]);
}

#[test]
fn executors_stay_with_their_binary_and_its_worker_fixtures() {
    let mut first = numbered(40);
    first.extend((0..40).map(|n| with_pool(&format!("p{n}"))));
    let suites = [suite(first), suite(numbered(40))];
    let schedule = schedule(&suites, 3);
    // Each in turn, as if all tests took the same time.
    let mut places: HashMap<usize, Vec<(usize, bool)>> = HashMap::new();
    let mut count = 0;
    let mut is_going = true;
    while is_going {
        is_going = false;
        for executor in 0..3 {
            if let Some(batch) = schedule.next(executor) {
                let is_pool = names(&suites, &batch)[0].starts_with('p');
                let places = places.entry(executor).or_default();
                if places.last() != Some(&(batch.suite, is_pool)) {
                    places.push((batch.suite, is_pool));
                }
                count += batch.tests.len();
                is_going = true;
            }
        }
    }
    assert_eq!(count, 120);
    assert!(
        places.values().all(|places| places.len() == 1),
        "{places:?}"
    );
}

#[test]
fn what_did_not_run_is_given_back() {
    let suites = [suite(
        (0..4).map(|n| of_module(&format!("t{n}"), 0)).collect(),
    )];
    let schedule = schedule(&suites, 2);
    schedule.took(1, Duration::ZERO);
    let mut batch = schedule.next(0).expect("there is something");
    let ran = batch.tests.pop_front();
    assert_eq!(ran, Some(0));
    let (tests, locks) = (std::mem::take(&mut batch.tests), batch.locks());
    schedule.give_back(0, &tests, locks);
    drop(batch);
    assert_eq!(drain(&schedule, 0, &suites), ["t1", "t2", "t3"]);
}

#[test]
fn a_shuffled_order_keeps_parts_and_is_the_seed_s() {
    let mut tests = numbered(20);
    tests.extend((0..5).map(|n| of_module(&format!("m{n}"), 0)));
    let suites = [suite(tests)];
    let order = |seed| {
        let manner = Manner {
            executors: 1,
            shuffle: Some(seed),
            in_order: false,
            repeat: 1,
            max_fail: None,
            session_comes: false,
        };
        drain(
            &Schedule::new(&suites, manner, |_, _| Known::default()),
            0,
            &suites,
        )
    };
    let all = order(7);
    assert_eq!(all, order(7));
    assert_ne!(all, order(8));
    let first = all.iter().position(|name| name.starts_with('m'));
    let module = &all[first.expect("it is there")..][..5];
    assert!(module.iter().all(|name| name.starts_with('m')), "{all:?}");
}

#[test]
fn a_shuffled_order_does_not_depend_on_other_binaries() {
    let tests = || {
        let mut tests = numbered(20);
        tests.extend((0..5).map(|n| of_module(&format!("m{n}"), 0)));
        tests
    };
    let order = |suites: &[Suite], executors| {
        let manner = Manner {
            executors,
            shuffle: Some(7),
            in_order: false,
            repeat: 1,
            max_fail: None,
            session_comes: false,
        };
        let schedule = Schedule::new(suites, manner, |_, _| Known::default());
        drain(&schedule, 0, suites)
    };
    let alone = order(&[suite(tests())], 1);
    let others = || suite((0..9).map(|n| test(&format!("o{n}"))).collect());
    for executors in [1, 2] {
        let mut beside = order(&[others(), suite(tests()), others()], executors);
        beside.retain(|name| !name.starts_with('o'));
        assert_eq!(beside, alone);
    }
}

#[test]
fn tests_run_in_the_order_that_is_asked_for() {
    let tests = ["a", "b", "c", "d"].map(|name| of_module(name, 0));
    let suites = [suite(tests.into())];
    let manner = Manner {
        executors: 1,
        shuffle: None,
        in_order: true,
        repeat: 1,
        max_fail: None,
        session_comes: false,
    };
    let wanted = ["d", "a", "c", "b"];
    let schedule = Schedule::new(&suites, manner, |suite, test| Known {
        place: wanted
            .iter()
            .position(|name| **name == *suite.summary.tests[test].name)
            .unwrap(),
        ..Known::default()
    });
    assert_eq!(drain(&schedule, 0, &suites), wanted);
}

#[test]
fn nothing_is_handed_out_after_a_stop() {
    let suites = [suite(numbered(9))];
    let schedule = schedule(&suites, 2);
    assert!(schedule.next(0).is_some());
    schedule.stop();
    assert!(schedule.next(0).is_none() && schedule.next(1).is_none());
}

#[test]
fn what_needs_no_session_goes_first_while_one_is_set_up() {
    let needs = |name: &str| SuiteTest {
        session: true,
        ..test(name)
    };
    for is_there in [false, true] {
        let tests = vec![needs("a"), test("b"), needs("c"), test("d")];
        let manner = Manner {
            executors: 2,
            shuffle: None,
            in_order: false,
            repeat: 1,
            max_fail: NonZeroUsize::new(1),
            session_comes: true,
        };
        let schedule = Schedule::new(&[suite(tests)], manner, |_, _| Known::default());
        if is_there {
            schedule.session_is_there();
        }
        let order: Vec<usize> = (0..4)
            .map(|_| schedule.next(0).expect("there is more").tests[0])
            .collect();
        let expected = match is_there {
            false => [1, 3, 0, 2],
            true => [0, 1, 2, 3],
        };
        assert_eq!(order, expected);
    }
}

#[test]
fn a_shuffled_order_keeps_inner_groups_together() {
    let member = |name: &str, instances: &[u32]| SuiteTest {
        instances: instances.to_vec(),
        ..test(name)
    };
    // A module's fixture, which all use, and those of two groups in it.
    let tests: Vec<SuiteTest> = (0..30)
        .map(|n| match n % 3 {
            0 => member(&format!("m{n}"), &[0]),
            1 => member(&format!("a{n}"), &[0, 1]),
            _ => member(&format!("b{n}"), &[0, 2]),
        })
        .collect();
    let suites = [suite(tests)];
    for seed in 0..20 {
        let manner = Manner {
            executors: 1,
            shuffle: Some(seed),
            in_order: false,
            repeat: 1,
            max_fail: None,
            session_comes: false,
        };
        let all = drain(
            &Schedule::new(&suites, manner, |_, _| Known::default()),
            0,
            &suites,
        );
        assert_eq!(all.len(), 30);
        for group in ["a", "b"] {
            let first = all.iter().position(|name| name.starts_with(group));
            let last = all.iter().rposition(|name| name.starts_with(group));
            assert_eq!(last.unwrap() - first.unwrap(), 9, "{all:?}");
        }
    }
}

#[test]
fn urgent_tests_go_first() {
    let tests = vec![
        of_module("a", 0),
        test("b"),
        of_module("c", 0),
        test("d"),
        with_pool("e"),
    ];
    let suites = [suite(tests), suite(numbered(2))];
    for executors in [1, 3] {
        for shuffle in [None, Some(3)] {
            let manner = Manner {
                executors,
                shuffle,
                in_order: false,
                repeat: 1,
                max_fail: None,
                session_comes: false,
            };
            let urgent = |suite: &Suite, index: usize| Known {
                is_urgent: ["c", "e", "t1"].contains(&&*suite.summary.tests[index].name),
                ..Known::default()
            };
            let all = drain(&Schedule::new(&suites, manner, urgent), 0, &suites);
            let (mut first, mut rest) = (all[..3].to_vec(), all[3..].to_vec());
            first.sort_unstable();
            rest.sort_unstable();
            assert_eq!(first, ["c", "e", "t1"], "{all:?}");
            assert_eq!(rest, ["a", "b", "d", "t0"], "{all:?}");
            if shuffle.is_none() && executors == 1 {
                assert_eq!(all, ["c", "e", "t1", "a", "b", "d", "t0"]);
            }
        }
    }
}
