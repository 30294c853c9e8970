//! [`replay`]: reports of a run that is over, from what `--events` wrote.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::io::{self, BufRead, Write};
use std::time::Duration;

use super::{All, Reporter, Reports, Tally};
use crate::cli::{self, Parsed};
use crate::event::{BinaryId, Event, Record, RunInfo, SCHEMA, TestId};
use crate::json;
use crate::sort;

/// The records of a run, read from what `--events FILE` wrote.
#[derive(Debug, Clone, PartialEq)]
pub struct Recorded {
    /// In the order of the file; the first starts the run.
    records: Vec<Record>,
}

/// Why records cannot be read.
#[derive(Debug)]
pub enum ReplayError {
    /// The file cannot be read to its end.
    Read(io::Error),
    /// A line, counted from 1, is not a record; and why.
    Line(usize, String),
    /// A newer itest wrote it, with a schema that this one does not know.
    Schema(u32),
    /// The first record does not start a run.
    NoStart,
}

impl fmt::Display for ReplayError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ReplayError::Read(error) => write!(f, "cannot read the events: {error}"),
            ReplayError::Line(line, problem) => write!(f, "line {line} is no event: {problem}"),
            ReplayError::Schema(schema) => write!(
                f,
                "the events have schema {schema}, this version of itest knows {SCHEMA}"
            ),
            ReplayError::NoStart => f.write_str("the events do not begin with `run-started`"),
        }
    }
}

impl std::error::Error for ReplayError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            ReplayError::Read(error) => Some(error),
            _ => None,
        }
    }
}

/// The names of all events, so that unknown ones can be told from broken lines.
pub(super) const EVENTS: &[&str] = &[
    "run-started",
    "test-planned",
    "test-ignored",
    "test-started",
    "setup-started",
    "setup-finished",
    "attached",
    "call-started",
    "teardown-started",
    "teardown-finished",
    "process-failed",
    "attempt-failed",
    "test-leaked",
    "test-finished",
    "test-slow",
    "run-finished",
];

impl Recorded {
    /// Reads the records of a run.
    ///
    /// Events that this version does not know are left out, and so is a last line that is cut off.
    /// A run that a crash ended is taken as interrupted.
    ///
    /// # Errors
    /// See [`ReplayError`].
    ///
    /// ```
    /// use itest::report::Recorded;
    ///
    /// let error = Recorded::read(&b"{}\n"[..]).unwrap_err();
    /// assert_eq!(error.to_string(), "line 1 is no event: it has no `event`");
    /// ```
    pub fn read(mut source: impl BufRead) -> Result<Self, ReplayError> {
        let mut records = Vec::new();
        let mut line = Vec::new();
        for number in 1.. {
            line.clear();
            source
                .read_until(b'\n', &mut line)
                .map_err(ReplayError::Read)?;
            if line.is_empty() {
                break;
            }
            if line.trim_ascii().is_empty() {
                continue;
            }
            match json::read::<Record>(&line) {
                Ok(record) => records.push(record),
                Err(_) if !line.ends_with(b"\n") => break,
                Err(error) => {
                    if let Some(problem) = problem(&line, &error) {
                        return Err(ReplayError::Line(number, problem));
                    }
                }
            }
        }
        match records.first().map(|record| &record.event) {
            Some(Event::RunStarted(run)) if run.schema > SCHEMA => {
                Err(ReplayError::Schema(run.schema))
            }
            Some(Event::RunStarted(run)) => {
                if run.shared {
                    records = one_by_one(records);
                }
                end(&mut records);
                Ok(Recorded { records })
            }
            _ => Err(ReplayError::NoStart),
        }
    }

    /// In their order.
    #[cfg(feature = "cli")]
    pub(crate) fn records(&self) -> &[Record] {
        &self.records
    }

    /// Adds another run, of another shard for instance, as if both had been one.
    pub fn add(&mut self, other: Recorded) {
        let (Some(ours), Some(theirs)) = (self.run(), other.run()) else {
            return;
        };
        let (ours, theirs) = (ours.clone(), theirs.clone());
        let started = ours.started.min(theirs.started);
        let later = |run: &RunInfo| run.started.duration_since(started).unwrap_or_default();
        let workers = self.records.iter().filter_map(|record| record.worker);
        let first_worker = workers.max().map_or(0, |last| last + 1);
        let mut run = ours.clone();
        run.started = started;
        run.tests += theirs.tests;
        run.filtered_out = run.filtered_out.min(theirs.filtered_out);
        for binary in &theirs.binaries {
            if !run.binaries.contains(binary) {
                run.binaries.push(binary.clone());
            }
        }
        let mut records = Vec::with_capacity(self.records.len() + other.records.len());
        let mut interrupted = false;
        let mut end = Duration::ZERO;
        for (info, part, shift) in [
            (&ours, std::mem::take(&mut self.records), 0),
            (&theirs, other.records, first_worker),
        ] {
            for mut record in part {
                record.at += later(info);
                end = end.max(record.at);
                record.worker = record.worker.map(|worker| worker + shift);
                match record.event {
                    Event::RunStarted(_) => {}
                    Event::RunFinished {
                        interrupted: stopped,
                        ..
                    } => interrupted |= stopped,
                    _ => records.push(record),
                }
            }
        }
        // Tests are planned before any of them runs.
        let is_plan = |record: &Record| matches!(record.event, Event::TestPlanned { .. });
        sort::by_key(&mut records, |record| (!is_plan(record), record.at));
        records.insert(0, of_run(Duration::ZERO, Event::RunStarted(Box::new(run))));
        records.push(of_run(end, ended(end, interrupted)));
        self.records = records;
    }

    fn run(&self) -> Option<&RunInfo> {
        match self.records.first().map(|record| &record.event) {
            Some(Event::RunStarted(run)) => Some(run),
            _ => None,
        }
    }
}

/// What is wrong with a line; `None` if it is an event of a later version.
fn problem(line: &[u8], error: &json::Problem) -> Option<String> {
    let Ok(value) = json::parse(line) else {
        return Some(error.to_string());
    };
    match value.get("event").and_then(serde_json::Value::as_str) {
        None => Some("it has no `event`".to_owned()),
        Some(event) if EVENTS.contains(&event) => Some(error.to_string()),
        Some(_) => None,
    }
}

fn of_run(at: Duration, event: Event) -> Record {
    Record {
        at,
        binary: "".into(),
        worker: None,
        event,
    }
}

/// Adds the end of a run that has none, because it crashed.
fn end(records: &mut Vec<Record>) {
    let has_end = |record: &Record| matches!(record.event, Event::RunFinished { .. });
    if !records.iter().any(has_end) {
        finish(records, true);
    }
}

fn finish(records: &mut Vec<Record>, interrupted: bool) {
    let last = records.iter().map(|record| record.at).max();
    let end = last.unwrap_or_default();
    records.push(of_run(end, ended(end, interrupted)));
}

fn ended(duration: Duration, interrupted: bool) -> Event {
    Event::RunFinished {
        duration,
        interrupted,
    }
}

/// Makes one run of what many processes recorded, each of which knew only of its own test.
///
/// A test that was tried again was another process's test, too.
fn one_by_one(mut records: Vec<Record>) -> Vec<Record> {
    let is_end = |record: &Record| match &record.event {
        Event::TestFinished { test, .. } => Some(record.id(test)),
        _ => None,
    };
    let mut last: HashMap<TestId, usize> = HashMap::new();
    for (index, record) in records.iter().enumerate() {
        if let Some(test) = is_end(record) {
            last.insert(test, index);
        }
    }
    let mut attempt: HashMap<TestId, u32> = HashMap::new();
    let mut planned: HashSet<TestId> = HashSet::new();
    let mut binaries: Vec<BinaryId> = Vec::new();
    let mut kept = Vec::with_capacity(records.len());
    for (index, mut record) in records.drain(..).enumerate() {
        if !record.binary.is_empty() && !binaries.contains(&record.binary) {
            binaries.push(record.binary.clone());
        }
        let id = record.test();
        let is_last = id.as_ref().and_then(|id| last.get(id)) == Some(&index);
        match (&mut record.event, id) {
            (Event::TestPlanned { .. }, Some(id)) if planned.contains(&id) => continue,
            (Event::TestPlanned { .. }, Some(id)) => {
                planned.insert(id);
            }
            (
                Event::TestFinished {
                    test,
                    outcome,
                    attempts,
                    ..
                },
                Some(id),
            ) => {
                let attempt = attempt.entry(id).or_insert(0);
                *attempt += *attempts;
                if is_last {
                    *attempts = *attempt;
                } else if !outcome.is_failure() {
                    continue;
                } else {
                    record.event = Event::AttemptFailed {
                        test: test.clone(),
                        attempt: *attempt,
                        outcome: outcome.clone(),
                    };
                }
            }
            _ => {}
        }
        kept.push(record);
    }
    if let Some(Event::RunStarted(run)) = kept.first_mut().map(|record| &mut record.event) {
        run.tests = planned.len();
        run.filtered_out = 0;
        run.binaries = binaries;
    }
    finish(&mut kept, false);
    kept
}

/// Makes the reports of a recorded run; tells whether the run was a success.
///
/// `console` takes what the run would have printed, `terminal` says whether it is a terminal.
///
/// # Errors
/// When `console` cannot be written to. What is wrong with a file is told on stderr.
pub fn replay(
    recorded: &Recorded,
    reports: &Reports,
    console: Option<Box<dyn Write + Send>>,
    terminal: bool,
) -> io::Result<bool> {
    let mut all = All(reports.reporters(false));
    if let Some(out) = console {
        let parsed = cli::parse([], &|name| {
            std::env::var_os(name).filter(|_| name == "NO_COLOR")
        });
        if let Ok(Parsed::Run(args)) = parsed {
            all.0.push(super::reporter(&args, terminal, out)?);
        }
    }
    let mut tally = Tally::default();
    for record in &recorded.records {
        tally.record(record);
        all.record(record)?;
    }
    all.flush()?;
    Ok(tally.is_success())
}
