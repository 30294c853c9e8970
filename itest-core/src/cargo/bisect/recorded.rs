//! [`Before`]: what a recorded run had run when one of its tests failed.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use crate::event::{BinaryId, Event, Record, TestId, TestName};
use crate::report::Recorded;

/// The tests that were there before one that failed, each once.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Before {
    pub(super) binary: BinaryId,
    pub(super) victim: TestName,
    /// Of the same worker, in their order.
    pub(super) in_worker: Vec<TestName>,
    /// Of the others, in the order in which they started.
    pub(super) elsewhere: Vec<TestName>,
}

/// Reads it from what `--events` wrote.
///
/// # Errors
/// The whole message.
pub(super) fn read(path: &OsStr, wanted: Option<&str>) -> Result<Before, String> {
    let path = Path::new(path);
    let with_path = |error: &dyn std::fmt::Display| format!("`{}`: {error}", path.display());
    let file = File::open(path).map_err(|error| with_path(&error))?;
    let recorded = Recorded::read(BufReader::new(file)).map_err(|error| with_path(&error))?;
    before(recorded.records(), wanted).map_err(|error| with_path(&error))
}

fn before(records: &[Record], wanted: Option<&str>) -> Result<Before, String> {
    let (end, id) = failed(records, wanted)?;
    let TestId { binary, name } = id;
    let worker = records[end].worker;
    let is_start = |record: &Record| {
        record.worker == worker
            && record.binary == binary
            && matches!(&record.event, Event::TestStarted { test } if *test == name)
    };
    let start = records[..end].iter().rposition(is_start).unwrap_or(end);
    let victim = without_repetition(&name);
    let mut known: HashSet<TestName> = HashSet::from([victim.clone()]);
    let (mut in_worker, mut elsewhere) = (Vec::new(), Vec::new());
    for record in &records[..start] {
        if let Event::TestStarted { test } = &record.event
            && record.binary == binary
        {
            let test = without_repetition(test);
            if known.insert(test.clone()) {
                match record.worker == worker {
                    true => in_worker.push(test),
                    false => elsewhere.push(test),
                }
            }
        }
    }
    Ok(Before {
        binary,
        victim,
        in_worker,
        elsewhere,
    })
}

/// So many names are enough to see what is meant.
const SHOWN: usize = 10;

/// The test that is meant, and where its failure stands.
fn failed(records: &[Record], wanted: Option<&str>) -> Result<(usize, TestId), String> {
    let failures = records.iter().enumerate().filter_map(|(index, record)| {
        let Event::TestFinished { test, outcome, .. } = &record.event else {
            return None;
        };
        outcome.is_failure().then(|| (index, record.id(test)))
    });
    let all: Vec<(usize, TestId)> = failures.collect();
    let in_full = |id: &TestId| format!("{} {}", id.binary, id.name);
    let mut found = all.clone();
    if let Some(wanted) = wanted {
        found.retain(|(_, id)| *id.name == *wanted || in_full(id) == wanted);
        if found.is_empty() {
            found = all.clone();
            found.retain(|(_, id)| id.name.contains(wanted));
        }
    }
    // Of a test that was repeated, the first failure.
    let mut seen = HashSet::new();
    found.retain(|(_, id)| seen.insert((id.binary.clone(), without_repetition(&id.name))));
    let names = |text: String, of: &[(usize, TestId)]| {
        let shown = of.iter().take(SHOWN).map(|(_, id)| in_full(id));
        let more = (of.len() > SHOWN).then(|| "…".to_owned());
        let lines = shown.chain(more).map(|name| format!("\n    {name}"));
        text + &lines.collect::<String>()
    };
    match (found.as_slice(), wanted) {
        ([only], _) => Ok(only.clone()),
        ([], Some(wanted)) if !all.is_empty() => Err(names(
            format!("no test called `{wanted}` failed in this run; these did:"),
            &all,
        )),
        ([], _) => Err("no test failed in this run".to_owned()),
        (several, _) => Err(names(
            format!("which test? {} failed in this run:", several.len()),
            several,
        ) + "\n  help: cargo itest bisect --from FILE TEST"),
    }
}

/// The name of a test that ran several times: `api::creates (3 of 10)`.
fn without_repetition(name: &TestName) -> TestName {
    let number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let base = name.strip_suffix(')').and_then(|rest| {
        let (base, repetition) = rest.rsplit_once(" (")?;
        let (which, of) = repetition.split_once(" of ")?;
        (number(which) && number(of)).then_some(base)
    });
    base.map_or_else(|| name.clone(), TestName::from)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::outcome::{Failure, FailureKind, Outcome};

    fn record(worker: u32, event: Event) -> Record {
        Record {
            at: Duration::ZERO,
            binary: "app::api".into(),
            worker: Some(worker),
            event,
        }
    }

    fn start(worker: u32, test: &str) -> Record {
        record(worker, Event::TestStarted { test: test.into() })
    }

    fn end(worker: u32, test: &str, fails: bool) -> Record {
        let failure = Failure::new(FailureKind::Panic, "no");
        let outcome = match fails {
            true => Outcome::Failed { failure },
            false => Outcome::Passed,
        };
        let duration = Duration::ZERO;
        let finished =
            crate::run::executor::finished(test.into(), outcome, duration, String::new());
        record(worker, finished)
    }

    fn names(all: &[&str]) -> Vec<TestName> {
        all.iter().map(|name| TestName::from(*name)).collect()
    }

    #[test]
    fn what_ran_before_is_told_by_worker() {
        let records = [
            start(0, "a"),
            start(1, "b"),
            end(1, "b", false),
            start(1, "c (1 of 2)"),
            end(0, "a", true),
            end(1, "c (1 of 2)", false),
            start(1, "c (2 of 2)"),
            end(1, "c (2 of 2)", false),
            start(0, "d"),
            start(1, "e"),
            end(1, "e", false),
            end(0, "d", true),
            start(0, "f"),
        ];
        let found = before(&records, Some("d")).expect("it failed");
        assert_eq!(*found.victim, *"d");
        assert_eq!(found.in_worker, names(&["a"]));
        assert_eq!(found.elsewhere, names(&["b", "c"]));
        let error = before(&records, None).expect_err("two failed");
        assert!(error.starts_with("which test? 2 failed"), "{error}");
        assert!(error.contains("\n    app::api d"), "{error}");
        let error = before(&records, Some("b")).expect_err("it passed");
        assert!(error.starts_with("no test called `b` failed"), "{error}");
        let error = before(&records[..4], None).expect_err("none failed");
        assert_eq!(error, "no test failed in this run");
    }

    #[test]
    fn a_repeated_test_is_one() {
        let records = [
            start(0, "a"),
            start(0, "v (1 of 3)"),
            end(0, "v (1 of 3)", false),
            start(0, "v (2 of 3)"),
            end(0, "v (2 of 3)", true),
            start(0, "v (3 of 3)"),
            end(0, "v (3 of 3)", true),
        ];
        let found = before(&records, None).expect("it failed");
        assert_eq!((&*found.victim, found.in_worker), ("v", names(&["a"])));
        for name in ["t (x of 3)", "t (1 of )", "t (1)", "(1 of 2"] {
            assert_eq!(*without_repetition(&name.into()), *name);
        }
    }
}
