//! [`Html`]: one page for a browser, with everything in it.
//!
//! The page is the files beside this one, put together with the run as JSON. It loads nothing:
//! its own policy forbids it to. What tests printed comes in as text and never as markup.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::time::Duration;

use serde::Serialize;

use super::model::{Life, Model, Phase, State, Test};
use super::time::Timestamp;
use super::{Out, Reporter, Wants, base64};
use crate::event::{Attachment, BinaryId, Event, Record};
use crate::outcome::{Failure, FixtureError, Outcome};
use crate::scope::Scope;

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
            let data = serde_json::to_string(&data(&self.model))?;
            write_page(&mut self.out, &data)?;
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

#[derive(Serialize)]
struct Data<'a> {
    started: String,
    seconds: f64,
    end: f64,
    version: &'a str,
    run_id: &'a str,
    profile: Option<&'a str>,
    seed: Option<u64>,
    interrupted: bool,
    success: bool,
    filtered_out: usize,
    teardown_errors: usize,
    leaky: usize,
    binaries: Vec<&'a str>,
    tests: Vec<TestData<'a>>,
    fixtures: Vec<LifeData<'a>>,
    processes: Vec<ProcessData<'a>>,
    skips: &'a BTreeMap<String, usize>,
}

#[derive(Serialize)]
struct TestData<'a> {
    binary: usize,
    name: &'a str,
    result: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    worker: Option<u32>,
    start: f64,
    seconds: f64,
    place: String,
    attempts: u32,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    markers: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<Problem<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    earlier: Vec<Problem<'a>>,
    #[serde(skip_serializing_if = "<[FixtureError]>::is_empty")]
    teardown_errors: &'a [FixtureError],
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    leaks: &'a [String],
    #[serde(skip_serializing_if = "str::is_empty")]
    output: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    attachments: Vec<AttachmentData<'a>>,
}

/// Why a test is not good.
#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
enum Problem<'a> {
    Failure(&'a Failure),
    Error(&'a FixtureError),
}

#[derive(Serialize)]
struct LifeData<'a> {
    path: &'a str,
    place: &'a str,
    scope: Scope,
    #[serde(skip_serializing_if = "str::is_empty")]
    instance: &'a str,
    binary: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    worker: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    test: Option<&'a str>,
    setup: PhaseData<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    skipped: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    teardown: Option<PhaseData<'a>>,
}

#[derive(Serialize)]
struct PhaseData<'a> {
    start: f64,
    seconds: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a FixtureError>,
    #[serde(skip_serializing_if = "str::is_empty")]
    output: String,
}

#[derive(Serialize)]
struct ProcessData<'a> {
    failure: &'a Failure,
    #[serde(skip_serializing_if = "str::is_empty")]
    output: String,
}

#[derive(Serialize)]
struct AttachmentData<'a> {
    name: &'a str,
    media_type: &'a str,
    size: u64,
    /// Base64; `None` where there is no room for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    content: Option<String>,
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

    fn attachment<'a>(&mut self, attachment: &'a Attachment) -> AttachmentData<'a> {
        let content = (attachment.content.as_ref())
            .filter(|content| content.len() / 3 * 4 < self.0)
            .map(|content| base64::encode(content));
        self.0 -= content.as_ref().map_or(0, String::len).min(self.0);
        AttachmentData {
            name: &attachment.name,
            media_type: &attachment.media_type,
            size: attachment.size,
            content,
        }
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

fn data(model: &Model) -> Data<'_> {
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
    let mut tests: Vec<Option<TestData<'_>>> = model.tests.iter().map(|_| None).collect();
    // What failed takes its room first.
    for failed in [true, false] {
        for (place, test) in tests.iter_mut().zip(&model.tests) {
            let is_failure = test.outcome().is_some_and(Outcome::is_failure);
            if is_failure == failed {
                *place = Some(test_data(test, binary(&test.id.binary), &mut room));
            }
        }
    }
    let lives = model.fixtures.iter();
    let fixtures = lives.map(|life| life_data(life, binary(&life.binary), &mut room));
    let fixtures = fixtures.collect();
    Data {
        started: Timestamp(run.started).to_string(),
        seconds: model.duration.as_secs_f64(),
        end: model.end().as_secs_f64(),
        version: &run.version,
        run_id: &run.run_id,
        profile: run.profile.as_deref(),
        seed: run.shuffle_seed,
        interrupted: model.tally.interrupted,
        success: model.tally.is_success(),
        filtered_out: run.filtered_out,
        teardown_errors: model.tally.teardown_errors,
        leaky: model.tally.leaky,
        tests: tests.into_iter().flatten().collect(),
        fixtures,
        processes: (model.processes.iter())
            .map(|(failure, output)| ProcessData {
                failure,
                output: room.text(output),
            })
            .collect(),
        skips: &model.tally.skipped,
        binaries: binaries.iter().map(|binary| &***binary).collect(),
    }
}

fn test_data<'a>(test: &'a Test, binary: usize, room: &mut Room) -> TestData<'a> {
    TestData {
        binary,
        name: &test.id.name,
        result: test.word(),
        worker: test.worker,
        start: seconds(test.start),
        seconds: seconds(test.duration),
        place: match &*test.file {
            "" => String::new(),
            file => format!("{file}:{}", test.line),
        },
        attempts: test.attempts,
        markers: &test.markers,
        reason: test.reason(),
        problem: test.outcome().and_then(problem),
        earlier: test.earlier.iter().filter_map(problem).collect(),
        teardown_errors: &test.teardown_errors,
        leaks: &test.leaks,
        output: match test.state {
            State::NotRun | State::Running => String::new(),
            _ => room.text(&test.output),
        },
        attachments: (test.attachments.iter())
            .map(|attachment| room.attachment(attachment))
            .collect(),
    }
}

fn problem(outcome: &Outcome) -> Option<Problem<'_>> {
    match outcome {
        Outcome::Failed { failure } => Some(Problem::Failure(failure)),
        Outcome::Error { error } => Some(Problem::Error(error)),
        _ => None,
    }
}

fn life_data<'a>(life: &'a Life, binary: usize, room: &mut Room) -> LifeData<'a> {
    LifeData {
        path: &life.fixture.path,
        place: &life.fixture.location,
        scope: life.fixture.scope,
        instance: &life.fixture.instance,
        binary,
        worker: life.worker,
        test: life.fixture.test.as_deref(),
        setup: phase_data(&life.setup, room),
        skipped: life.skipped.as_deref(),
        teardown: life.teardown.as_ref().map(|phase| phase_data(phase, room)),
    }
}

fn phase_data<'a>(phase: &'a Phase, room: &mut Room) -> PhaseData<'a> {
    PhaseData {
        start: seconds(phase.start),
        seconds: seconds(phase.duration),
        error: phase.error.as_ref(),
        output: room.text(&phase.output),
    }
}

/// To the microsecond, which keeps the page small.
fn seconds(duration: Duration) -> f64 {
    duration.as_micros() as f64 / 1e6
}
