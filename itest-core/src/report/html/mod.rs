//! [`Html`]: one page for a browser, with everything in it.
//!
//! The page is the files beside this one, put together with the run as JSON. It loads nothing:
//! its own policy forbids it to. What tests printed comes in as text and never as markup.

use std::io::{self, Write};
use std::time::Duration;

use super::model::{Life, Model, Phase, State, Test};
use super::time::Timestamp;
use super::{Out, Reporter, Wants, base64};
use crate::event::{Attachment, BinaryId, Event, Record};
use crate::json::{ToJson, Written};
use crate::outcome::Outcome;

/// See the [module](self).
pub(super) struct Html {
    out: Out,
    model: Model,
}

const PAGE: &str = include_str!("page.html");
const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("script.js");

/// Of one test's or fixture's output, so much is in the page.
const OUTPUT_LIMIT: usize = 256 << 10;

/// Of all outputs and attachments together; what failed comes first.
const PAGE_LIMIT: usize = 48 << 20;

impl Html {
    pub(super) fn new(out: Out) -> Self {
        Html {
            out,
            model: Model::default(),
        }
    }
}

impl Reporter for Html {
    fn record(&mut self, record: &Record) -> io::Result<()> {
        self.model.record(record);
        if let Event::RunFinished { .. } = record.event {
            write_page(&mut self.out, &data(&self.model))?;
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

/// Fills the places that the page has for style, data and script.
fn write_page(out: &mut dyn Write, data: &str) -> io::Result<()> {
    let mut rest = PAGE;
    for (place, content) in [
        ("/*STYLE*/", STYLE),
        // An end tag in a text would end the script, and a comment's start could hide it.
        ("/*DATA*/", &*data.replace('<', "\\u003c")),
        ("/*SCRIPT*/", SCRIPT),
    ] {
        let (before, after) = rest
            .split_once(place)
            .expect("itest bug: the page has no place for its parts");
        out.write_all(before.as_bytes())?;
        out.write_all(content.as_bytes())?;
        rest = after;
    }
    out.write_all(rest.as_bytes())
}

/// How much may still go into the page.
struct Room(usize);

impl Room {
    fn text(&mut self, text: &str) -> String {
        let limit = OUTPUT_LIMIT.min(self.0);
        let kept = shortened(text, limit);
        self.0 -= kept.len().min(self.0);
        kept
    }

    fn attachment(&mut self, attachment: &Attachment) -> Written {
        // Base64, where there is room for it.
        let content = (attachment.content.as_ref())
            .filter(|content| content.len() / 3 * 4 < self.0)
            .map(|content| base64::encode(content));
        self.0 -= content.as_ref().map_or(0, String::len).min(self.0);
        Written::object(|object| {
            object
                .field("name", &attachment.name)
                .field("media_type", &attachment.media_type)
                .field("size", &attachment.size)
                .optional("content", &content);
        })
    }
}

/// The text's beginning and end, if it is longer than that.
fn shortened(text: &str, limit: usize) -> String {
    if text.len() <= limit {
        return text.to_owned();
    }
    let half = limit / 2;
    let head = boundary(text, half);
    let tail = boundary(text, text.len() - half);
    let left_out = tail - head;
    format!(
        "{}\n… {left_out} bytes are left out …\n{}",
        &text[..head],
        &text[tail..]
    )
}

/// The last place where the text can be cut, up to `index`.
fn boundary(text: &str, index: usize) -> usize {
    (0..=index.min(text.len()))
        .rev()
        .find(|index| text.is_char_boundary(*index))
        .unwrap_or(0)
}

fn data(model: &Model) -> String {
    let run = &model.run;
    let mut binaries: Vec<&BinaryId> = run.binaries.iter().collect();
    for test in &model.tests {
        if !binaries.contains(&&test.id.binary) {
            binaries.push(&test.id.binary);
        }
    }
    let index_of = |binary: &BinaryId| binaries.iter().position(|known| *known == binary);
    let binary = |binary: &BinaryId| index_of(binary).unwrap_or(0);
    let mut room = Room(PAGE_LIMIT);
    let mut tests: Vec<Written> = model.tests.iter().map(|_| Written::default()).collect();
    // What failed takes its room first.
    for failed in [true, false] {
        for (place, test) in tests.iter_mut().zip(&model.tests) {
            let is_failure = test.outcome().is_some_and(Outcome::is_failure);
            if is_failure == failed {
                *place = test_data(test, binary(&test.id.binary), &mut room);
            }
        }
    }
    let mut fixtures = Vec::new();
    for life in &model.fixtures {
        fixtures.push(life_data(life, binary(&life.binary), &mut room));
    }
    let mut processes = Vec::new();
    for (failure, output) in &model.processes {
        processes.push(Written::object(|object| {
            object
                .field("failure", failure)
                .optional("output", &room.text(output));
        }));
    }
    let skips = Written::object(|object| {
        for (reason, count) in &model.tally.skipped {
            object.field(reason, count);
        }
    });
    let data = Written::object(|object| {
        object
            .field("started", &Timestamp(run.started).to_string())
            .field("seconds", &model.duration)
            .field("end", &model.end())
            .field("version", &run.version)
            .field("run_id", &run.run_id)
            .field("profile", &run.profile)
            .field("seed", &run.shuffle_seed)
            .field("interrupted", &model.tally.interrupted)
            .field("success", &model.tally.is_success())
            .field("filtered_out", &run.filtered_out)
            .field("teardown_errors", &model.tally.teardown_errors)
            .field("leaky", &model.tally.leaky)
            .field("binaries", &binaries)
            .field("tests", &tests)
            .field("fixtures", &fixtures)
            .field("processes", &processes)
            .field("skips", &skips);
    });
    data.0
}

fn test_data(test: &Test, binary: usize, room: &mut Room) -> Written {
    let place = match &*test.file {
        "" => String::new(),
        file => format!("{file}:{}", test.line),
    };
    let output = match test.state {
        State::NotRun | State::Running => String::new(),
        _ => room.text(&test.output),
    };
    let mut attachments = Vec::new();
    for attachment in &test.attachments {
        attachments.push(room.attachment(attachment));
    }
    let earlier: Vec<Written> = test.earlier.iter().filter_map(problem).collect();
    Written::object(|object| {
        object
            .field("binary", &binary)
            .field("name", &test.id.name)
            .field("result", &test.word())
            .optional("worker", &test.worker)
            .field("start", &seconds(test.start))
            .field("seconds", &seconds(test.duration))
            .field("place", &place)
            .field("attempts", &test.attempts)
            .optional("markers", &test.markers)
            .optional("reason", &test.reason())
            .optional("problem", &test.outcome().and_then(problem))
            .optional("earlier", &earlier)
            .optional("teardown_errors", &test.teardown_errors)
            .optional("leaks", &test.leaks)
            .optional("output", &output)
            .optional("attachments", &attachments);
    })
}

/// Why a test is not good.
fn problem(outcome: &Outcome) -> Option<Written> {
    let (name, problem): (&str, &dyn ToJson) = match outcome {
        Outcome::Failed { failure } => ("failure", failure),
        Outcome::Error { error } => ("error", error),
        _ => return None,
    };
    Some(Written::field(name, problem))
}

fn life_data(life: &Life, binary: usize, room: &mut Room) -> Written {
    let setup = phase_data(&life.setup, room);
    let teardown = life.teardown.as_ref().map(|phase| phase_data(phase, room));
    Written::object(|object| {
        object
            .field("path", &life.fixture.path)
            .field("place", &life.fixture.location)
            .field("scope", &life.fixture.scope)
            .optional("instance", &life.fixture.instance)
            .field("binary", &binary)
            .optional("worker", &life.worker)
            .optional("test", &life.fixture.test)
            .field("setup", &setup)
            .optional("skipped", &life.skipped)
            .optional("teardown", &teardown);
    })
}

fn phase_data(phase: &Phase, room: &mut Room) -> Written {
    Written::object(|object| {
        object
            .field("start", &seconds(phase.start))
            .field("seconds", &seconds(phase.duration))
            .optional("error", &phase.error)
            .optional("output", &room.text(&phase.output));
    })
}

/// To the microsecond, which keeps the page small.
fn seconds(duration: Duration) -> f64 {
    duration.as_micros() as f64 / 1e6
}
