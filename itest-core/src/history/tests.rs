//! Histories that are written, merged, broken and read again.

use super::format::{Entry, Outcomes};
use super::*;

/// A directory that is removed in the end.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Self {
        let path =
            std::env::temp_dir().join(format!("itest-history-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        Scratch(path)
    }

    fn load(&self) -> History {
        History::load_from(Some(self.0.clone()), ["b"])
    }

    fn file(&self, kind: &str) -> PathBuf {
        place::file(&self.0, "b", kind)
    }

    /// Records as many tests as make a run rewrite the file.
    fn run(&self, ran: &[(&str, Ran)]) -> Option<String> {
        let mut history = self.load();
        for index in 0..MANY {
            history.record("b", &format!("filler::{index}").into(), passed(1));
        }
        for (test, ran) in ran {
            history.record("b", &(*test).into(), *ran);
        }
        history.save();
        history.warning().map(str::to_owned)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn passed(millis: u64) -> Ran {
    ended(Past::Passed, millis)
}

fn ended(past: Past, millis: u64) -> Ran {
    Ran {
        past,
        duration: Some(Duration::from_millis(millis)),
    }
}

fn millis(history: &History, test: &str) -> Option<u128> {
    history.duration("b", test).map(|it| it.as_millis())
}

#[test]
fn what_ran_is_known_the_next_time() {
    let scratch = Scratch::new("known");
    let history = scratch.load();
    assert_eq!(
        (history.duration("b", "t"), history.last("b", "t")),
        (None, None)
    );

    let odd = "odd\n name\\n [a b]";
    assert!(
        scratch
            .run(&[("t", passed(30)), (odd, ended(Past::Failed, 5))])
            .is_none()
    );
    let history = scratch.load();
    assert_eq!(millis(&history, "t"), Some(30));
    assert_eq!(history.last("b", "t"), Some(Past::Passed));
    assert_eq!(history.last("b", odd), Some(Past::Failed));
    assert!(history.any_failure());
    assert_eq!(history.last("b", "other"), None);
    assert_eq!(history.last("other", "t"), None);
    // Asked for in another order, and once more.
    assert_eq!(millis(&history, "filler::3"), Some(1));
    assert_eq!(millis(&history, "t"), Some(30));
}

#[test]
fn a_small_run_is_appended_and_taken_in_later() {
    let scratch = Scratch::new("journal");
    let append = |test: &str, ran| {
        let mut history = scratch.load();
        history.record("b", &test.into(), ran);
        history.save();
        assert_eq!(history.warning(), None);
    };
    append("t", ended(Past::Failed, 7));
    append("u", passed(9));
    assert!(!scratch.file("history").exists());
    assert_eq!(scratch.load().last("b", "t"), Some(Past::Failed));
    append("t", ended(Past::Flaky, 70));
    assert_eq!(scratch.load().last("b", "t"), Some(Past::Flaky));
    assert_eq!(millis(&scratch.load(), "t"), Some(70));

    scratch.run(&[]);
    assert!(!scratch.file("journal").exists());
    assert_eq!(scratch.load().last("b", "t"), Some(Past::Flaky));
    assert_eq!(millis(&scratch.load(), "u"), Some(9));
    assert_eq!(millis(&scratch.load(), "unknown"), None);

    // A journal that was cut off loses its last line and no more.
    append("u", ended(Past::Failed, 1));
    let journal = fs::read_to_string(scratch.file("journal")).unwrap();
    fs::write(scratch.file("journal"), journal + "12 p cut-o").unwrap();
    let history = scratch.load();
    assert_eq!(history.last("b", "u"), Some(Past::Failed));
    assert_eq!(history.last("b", "cut-o"), None);
}

#[test]
fn a_long_journal_is_merged() {
    let scratch = Scratch::new("long");
    fs::create_dir_all(&scratch.0).unwrap();
    let line = "100 p again\n";
    let lines = usize::try_from(LONG_JOURNAL).unwrap() / line.len() + 1;
    fs::write(scratch.file("journal"), line.repeat(lines)).unwrap();
    let mut history = scratch.load();
    history.record("b", &"again".into(), ended(Past::Failed, 1));
    history.save();
    assert!(!scratch.file("journal").exists());
    assert!(fs::metadata(scratch.file("history")).unwrap().len() < 100);
    assert_eq!(scratch.load().last("b", "again"), Some(Past::Failed));
}

#[test]
fn writers_at_the_same_time_lose_nothing() {
    let scratch = Scratch::new("writers");
    std::thread::scope(|scope| {
        for writer in 0..8 {
            let scratch = &scratch;
            scope.spawn(move || scratch.run(&[(&format!("t{writer}"), passed(writer + 5))]));
        }
    });
    let history = scratch.load();
    for writer in 0..8 {
        assert_eq!(history.last("b", &format!("t{writer}")), Some(Past::Passed));
    }
    let entry = history.binaries[0].entry("filler::0").unwrap();
    assert_eq!(entry.outcomes.iter().count(), 8);
}

#[test]
fn a_broken_file_is_told_once_and_rebuilt() {
    let head = "itest history 1: 1\n";
    let broken = [
        "".to_owned(),
        "itest history 2: 0\n".to_owned(),
        "itest history 1: 1".to_owned(),
        format!("{head}10 p t"),
        format!("{head}10 p t\n10 p u\n"),
        format!("{head}10 q t\n"),
        format!("{head}+10 p t\n"),
        format!("{head}10 p \n"),
        format!("{head}10 ppppppppppppppppp t\n"),
        format!("{head}10 p t\\x\n"),
        format!("{head}99999999999999999999999 p t\n"),
        "itest history 1: 18446744073709551615\n".to_owned(),
    ];
    for text in broken {
        let scratch = Scratch::new("broken");
        fs::create_dir_all(&scratch.0).unwrap();
        fs::write(scratch.file("history"), &text).unwrap();
        let warning = scratch.run(&[("t", passed(3))]).unwrap_or_default();
        let expected = "warning: the history of test results cannot be read";
        assert!(warning.starts_with(expected), "{text:?}: {warning}");
        assert!(scratch.run(&[]).is_none(), "{text:?}");
        assert_eq!(scratch.load().last("b", "t"), Some(Past::Passed));
    }
    let scratch = Scratch::new("broken");
    fs::create_dir_all(&scratch.0).unwrap();
    fs::write(scratch.file("history"), b"itest history 1: 0\n\xff").unwrap();
    assert!(scratch.run(&[]).is_some());
    assert!(scratch.run(&[]).is_none());
}

#[test]
fn a_place_that_cannot_be_written_is_told_once() {
    let scratch = Scratch::new("no-place");
    fs::write(&scratch.0, "a file where the directory should be").unwrap();
    assert!(scratch.run(&[("t", passed(3))]).is_some());
    fs::remove_file(&scratch.0).unwrap();
    let mut nowhere = History::load_from(None, ["b"]);
    nowhere.record("b", &"t".into(), passed(3));
    nowhere.save();
    assert_eq!(nowhere.last("b", "t"), None);
    assert_eq!(nowhere.warning(), None);
}

#[test]
fn times_are_those_of_passes_and_steady() {
    let mut entry = Entry {
        name: "t".into(),
        duration: None,
        outcomes: Outcomes::default(),
    };
    let mut add = |ran: Ran, expected: u64| {
        entry.add(ran);
        assert_eq!(
            entry.duration,
            Some(Duration::from_millis(expected)),
            "{ran:?}"
        );
    };
    add(ended(Past::Failed, 900), 900);
    add(passed(100), 100);
    add(ended(Past::Failed, 900), 100);
    add(
        Ran {
            past: Past::Skipped,
            duration: None,
        },
        100,
    );
    add(passed(109), 100);
    add(passed(120), 120);
    for _ in 0..Outcomes::KEPT {
        add(passed(121), 120);
    }
    assert_eq!(entry.outcomes.iter().count(), Outcomes::KEPT as usize);
    entry.add(Ran {
        past: Past::Failed,
        duration: None,
    });
    entry.add(Ran {
        past: Past::Skipped,
        duration: None,
    });
    assert_eq!(entry.outcomes.last(), Some(Past::Failed));
}

#[test]
fn quick_tests_that_pass_cost_nothing() {
    let scratch = Scratch::new("quick");
    let complete = |ran: &[(&str, Ran)]| {
        let mut history = scratch.load();
        let tests: Vec<TestName> = ran.iter().map(|(test, _)| (*test).into()).collect();
        for (test, ran) in ran {
            history.record("b", &(*test).into(), *ran);
        }
        history.complete("b", tests);
        history.save();
        fs::read_to_string(scratch.file("history")).unwrap()
    };
    assert_eq!(
        complete(&[("t", passed(0)), ("u", passed(0))]),
        "itest history 1: 0 of 2\n"
    );
    let (t, new) = (
        scratch.load().duration("b", "t"),
        scratch.load().duration("b", "new"),
    );
    assert_eq!((t, new), (Some(QUICK / 2), Some(QUICK / 2)));
    // Nothing new, nothing written.
    fs::remove_file(scratch.file("history")).unwrap();
    fs::write(scratch.file("history"), "itest history 1: 0 of 2\n").unwrap();
    let old = std::time::SystemTime::UNIX_EPOCH;
    let file = File::options()
        .write(true)
        .open(scratch.file("history"))
        .unwrap();
    file.set_modified(old).unwrap();
    complete(&[("t", passed(0)), ("u", passed(0))]);
    assert_eq!(file.metadata().unwrap().modified().unwrap(), old);
    assert!(!scratch.file("journal").exists());

    // What failed once is remembered for as long as it says something.
    let failed = ended(Past::Failed, 0);
    let text = complete(&[("t", failed), ("u", passed(0)), ("v", passed(0))]);
    assert_eq!(text, "itest history 1: 1 of 3\n0 f t\n");
    for run in 0..Outcomes::KEPT {
        assert_ne!(scratch.load().last("b", "t"), None, "{run}");
        scratch.run(&[("t", passed(0))]);
    }
    let text = complete(&[("t", passed(0)), ("u", passed(0))]);
    assert_eq!(
        text, "itest history 1: 0 of 2\n",
        "and `filler`s are forgotten"
    );
    assert_eq!(scratch.load().last("b", "t"), Some(Past::Passed));
}
