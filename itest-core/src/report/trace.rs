//! [`Trace`]: tests and fixtures on the tracks of their workers, for Perfetto and
//! `chrome://tracing`.
//!
//! Slices of one track must nest. What a worker does one after the other is a slice of its track;
//! fixtures' lifetimes and all that happens in the session host overlap, and are asynchronous.

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::time::Duration;

use serde_json::{Value, json};

use super::failure;
use super::model::{Life, Model, Phase, State, Test};
use super::{Out, Reporter, Wants};
use crate::event::{Event, Record};
use crate::scope::Scope;

/// See the [module](self).
pub(super) struct Trace {
    out: Out,
    model: Model,
}

/// The one process of the trace.
const PROCESS: u32 = 1;

/// The track of what no worker does.
const SESSION: u32 = 0;

impl Trace {
    pub(super) fn new(out: Out) -> Self {
        Trace {
            out,
            model: Model::default(),
        }
    }
}

impl Reporter for Trace {
    fn record(&mut self, record: &Record) -> io::Result<()> {
        self.model.record(record);
        if let Event::RunFinished { .. } = record.event {
            self.out
                .write_all(b"{\"displayTimeUnit\":\"ms\",\"traceEvents\":[\n")?;
            let events = events(&self.model);
            for (index, event) in events.iter().enumerate() {
                write!(self.out, "{event}")?;
                let last = index + 1 == events.len();
                self.out.write_all(if last { b"\n" } else { b",\n" })?;
            }
            self.out.write_all(b"]}\n")?;
        }
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }

    fn wants(&self) -> Wants {
        Wants::ALL
    }
}

fn events(model: &Model) -> Vec<Value> {
    let mut events = vec![meta("process_name", SESSION, json!({ "name": "itest" }))];
    let workers: BTreeSet<u32> = (model.tests.iter())
        .filter_map(|test| test.worker)
        .chain(model.fixtures.iter().filter_map(|life| life.worker))
        .collect();
    let names = [(SESSION, "session".to_owned())].into_iter();
    let names = names.chain(workers.iter().map(|n| (n + 1, format!("worker {n}"))));
    for (track, name) in names {
        events.push(meta("thread_name", track, json!({ "name": name })));
        events.push(meta(
            "thread_sort_index",
            track,
            json!({ "sort_index": track }),
        ));
    }
    let several = model.run.binaries.len() > 1;
    for test in &model.tests {
        if let State::Ended(_) | State::Skipped(_) = test.state
            && test.worker.is_some()
        {
            events.push(slice(test, several));
        }
    }
    let end = model.end();
    for (id, life) in model.fixtures.iter().enumerate() {
        add_life(&mut events, life, id, end);
    }
    events
}

fn meta(name: &str, track: u32, args: Value) -> Value {
    json!({ "ph": "M", "pid": PROCESS, "tid": track, "name": name, "args": args })
}

fn slice(test: &Test, several: bool) -> Value {
    let name = match several {
        true => format!("{} {}", test.id.binary, test.id.name),
        false => test.id.name.to_string(),
    };
    let word = test.word();
    let mut args = json!({
        "outcome": word,
        "binary": test.id.binary,
        "attempts": test.attempts,
        "location": format!("{}:{}", test.file, test.line),
        "markers": test.markers,
    });
    if let Some(outcome) = test.outcome().filter(|outcome| outcome.is_failure()) {
        args["failure"] = json!(failure::describe_outcome(&test.id.name, outcome));
    }
    json!({
        "ph": "X",
        "pid": PROCESS,
        "tid": track(test.worker),
        "cat": format!("test,{word}"),
        "name": name,
        "ts": micros(test.start),
        "dur": micros(test.duration),
        "cname": match word {
            "passed" | "xfailed" => "good",
            "failed" | "error" => "terrible",
            "flaky" | "xpassed" => "bad",
            _ => "grey",
        },
        "args": args,
    })
}

fn add_life(events: &mut Vec<Value>, life: &Life, id: usize, end: Duration) {
    add_phase(events, life, "setup", &life.setup, id);
    if let Some(teardown) = &life.teardown {
        add_phase(events, life, "teardown", teardown, id);
    }
    if life.fixture.scope == Scope::Test || life.setup.error.is_some() || life.skipped.is_some() {
        return;
    }
    let until = match &life.teardown {
        Some(phase) => phase.start + phase.duration,
        None => end,
    };
    let name = named(life);
    let lifetime = (life.setup.start, until);
    add_span(
        events,
        life,
        "lifetime",
        &name,
        lifetime,
        &format!("life {id}"),
    );
}

fn add_phase(events: &mut Vec<Value>, life: &Life, what: &str, phase: &Phase, id: usize) {
    let name = format!("{what} {}", named(life));
    if life.worker.is_none() {
        let span = (phase.start, phase.start + phase.duration);
        add_span(events, life, what, &name, span, &format!("{what} {id}"));
        return;
    }
    let mut args = details(life);
    if let Some(error) = &phase.error {
        args["failure"] = json!(failure::details(error));
    }
    events.push(json!({
        "ph": "X",
        "pid": PROCESS,
        "tid": track(life.worker),
        "cat": format!("fixture,{what}"),
        "name": name,
        "ts": micros(phase.start),
        "dur": micros(phase.duration),
        "args": args,
    }));
}

/// A beginning and an end, on whatever track has room.
fn add_span(
    events: &mut Vec<Value>,
    life: &Life,
    what: &str,
    name: &str,
    (start, end): (Duration, Duration),
    id: &str,
) {
    for (kind, at) in [("b", start), ("e", end)] {
        events.push(json!({
            "ph": kind,
            "pid": PROCESS,
            "tid": track(life.worker),
            "cat": format!("fixture,{what}"),
            "name": name,
            "id": id,
            "ts": micros(at),
            "args": if kind == "b" { details(life) } else { json!({}) },
        }));
    }
}

fn named(life: &Life) -> String {
    match &*life.fixture.instance {
        "" => life.fixture.path.clone(),
        instance => format!("{} ({instance})", life.fixture.path),
    }
}

fn details(life: &Life) -> Value {
    json!({
        "scope": life.fixture.scope.as_str(),
        "location": life.fixture.location,
        "binary": life.binary,
        "for": life.fixture.test,
    })
}

fn track(worker: Option<u32>) -> u32 {
    worker.map_or(SESSION, |worker| worker + 1)
}

fn micros(duration: Duration) -> f64 {
    duration.as_nanos() as f64 / 1000.0
}
