//! [`Trace`]: tests and fixtures on the tracks of their workers, for Perfetto and
//! `chrome://tracing`.
//!
//! Slices of one track must nest. What a worker does one after the other is a slice of its track;
//! fixtures' lifetimes and all that happens in the session host overlap, and are asynchronous.

use std::io::{self, Write};
use std::time::Duration;

use super::failure;
use super::model::{Life, Model, Phase, State, Test};
use super::{Out, Reporter, Wants};
use crate::event::{Event, Record};
use crate::json::Written;
use crate::scope::Scope;
use crate::sort;

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
                self.out.write_all(event.0.as_bytes())?;
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

fn events(model: &Model) -> Vec<Written> {
    let named = |name: &str| Written::field("name", &name);
    let mut events = vec![meta("process_name", SESSION, &named("itest"))];
    let mut workers: Vec<u32> = Vec::new();
    workers.extend(model.tests.iter().filter_map(|test| test.worker));
    workers.extend(model.fixtures.iter().filter_map(|life| life.worker));
    sort::ascending(&mut workers);
    workers.dedup();
    let mut tracks = vec![(SESSION, "session".to_owned())];
    for worker in workers {
        tracks.push((track(Some(worker)), format!("worker {worker}")));
    }
    for (track, name) in tracks {
        events.push(meta("thread_name", track, &named(&name)));
        let index = Written::field("sort_index", &track);
        events.push(meta("thread_sort_index", track, &index));
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

fn meta(name: &str, track: u32, args: &Written) -> Written {
    Written::object(|event| {
        event
            .field("ph", &"M")
            .field("pid", &PROCESS)
            .field("tid", &track)
            .field("name", &name)
            .field("args", args);
    })
}

fn slice(test: &Test, several: bool) -> Written {
    let name = match several {
        true => format!("{} {}", test.id.binary, test.id.name),
        false => test.id.name.to_string(),
    };
    let word = test.word();
    let color = match word {
        "passed" | "xfailed" => "good",
        "failed" | "error" => "terrible",
        "flaky" | "xpassed" => "bad",
        _ => "grey",
    };
    let failed = test.outcome().filter(|outcome| outcome.is_failure());
    let failure = failed.map(|outcome| failure::describe_outcome(&test.id.name, outcome));
    let args = Written::object(|args| {
        args.field("outcome", &word)
            .field("binary", &test.id.binary)
            .field("attempts", &test.attempts)
            .field("location", &format!("{}:{}", test.file, test.line))
            .field("markers", &test.markers)
            .optional("failure", &failure);
    });
    Written::object(|event| {
        event
            .field("ph", &"X")
            .field("pid", &PROCESS)
            .field("tid", &track(test.worker))
            .field("cat", &format!("test,{word}"))
            .field("name", &name)
            .field("ts", &micros(test.start))
            .field("dur", &micros(test.duration))
            .field("cname", &color)
            .field("args", &args);
    })
}

fn add_life(events: &mut Vec<Written>, life: &Life, id: usize, end: Duration) {
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

fn add_phase(events: &mut Vec<Written>, life: &Life, what: &str, phase: &Phase, id: usize) {
    let name = format!("{what} {}", named(life));
    if life.worker.is_none() {
        let span = (phase.start, phase.start + phase.duration);
        add_span(events, life, what, &name, span, &format!("{what} {id}"));
        return;
    }
    let failure = phase.error.as_ref().map(failure::details);
    events.push(Written::object(|event| {
        event
            .field("ph", &"X")
            .field("pid", &PROCESS)
            .field("tid", &track(life.worker))
            .field("cat", &format!("fixture,{what}"))
            .field("name", &name)
            .field("ts", &micros(phase.start))
            .field("dur", &micros(phase.duration))
            .field("args", &details(life, failure));
    }));
}

/// A beginning and an end, on whatever track has room.
fn add_span(
    events: &mut Vec<Written>,
    life: &Life,
    what: &str,
    name: &str,
    (start, end): (Duration, Duration),
    id: &str,
) {
    for (kind, at) in [("b", start), ("e", end)] {
        let args = match kind {
            "b" => details(life, None),
            _ => Written::object(|_| {}),
        };
        events.push(Written::object(|event| {
            event
                .field("ph", &kind)
                .field("pid", &PROCESS)
                .field("tid", &track(life.worker))
                .field("cat", &format!("fixture,{what}"))
                .field("name", &name)
                .field("id", &id)
                .field("ts", &micros(at))
                .field("args", &args);
        }));
    }
}

fn named(life: &Life) -> String {
    match &*life.fixture.instance {
        "" => life.fixture.path.clone(),
        instance => format!("{} ({instance})", life.fixture.path),
    }
}

fn details(life: &Life, failure: Option<String>) -> Written {
    Written::object(|args| {
        args.field("scope", &life.fixture.scope)
            .field("location", &life.fixture.location)
            .field("binary", &life.binary)
            .field("for", &life.fixture.test)
            .optional("failure", &failure);
    })
}

fn track(worker: Option<u32>) -> u32 {
    worker.map_or(SESSION, |worker| worker + 1)
}

fn micros(duration: Duration) -> f64 {
    duration.as_nanos() as f64 / 1000.0
}
