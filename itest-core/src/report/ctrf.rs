//! [`Ctrf`]: a document in the Common Test Report Format, for tools that read many frameworks.
//!
//! The format knows tests only: a fixture whose teardown failed is a failed test of its own, and
//! all fixtures with their times stand under `extra`. Attachments are data URIs.

use std::io::{self, Write};
use std::time::{Duration, UNIX_EPOCH};

use serde_json::{Map, Value, json};

use super::failure;
use super::model::{Life, Model, Test};
use super::time::Timestamp;
use super::{Out, Reporter, Wants, base64};
use crate::event::{Attachment, Event, Record};
use crate::outcome::{FixtureError, Outcome};
use crate::scope::Scope;

/// See the [module](self).
pub(super) struct Ctrf {
    out: Out,
    model: Model,
}

impl Ctrf {
    pub(super) fn new(out: Out) -> Self {
        Ctrf {
            out,
            model: Model::default(),
        }
    }
}

impl Reporter for Ctrf {
    fn record(&mut self, record: &Record) -> io::Result<()> {
        self.model.record(record);
        if let Event::RunFinished { .. } = record.event {
            writeln!(self.out, "{:#}", document(&self.model))?;
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

fn document(model: &Model) -> Value {
    let mut tests = Vec::new();
    for test in &model.tests {
        tests.push(case(model, test));
        for error in &test.teardown_errors {
            let name = failure::teardown_node(&error.fixture, &test.id.name);
            let headline = failure::teardown_headline(&error.fixture, &test.id.name);
            let at = test.start + test.duration;
            tests.push(teardown(
                model,
                &test.id.binary,
                &name,
                &headline,
                error,
                at,
            ));
        }
    }
    for life in &model.fixtures {
        if let Some(phase) = &life.teardown
            && let Some(error) = &phase.error
            && life.fixture.scope > Scope::Test
        {
            let of = failure::lifetime(&life.fixture);
            let name = failure::teardown_node(&life.fixture.path, of);
            let headline = failure::wide_teardown_headline(&life.fixture);
            let at = phase.start;
            tests.push(teardown(model, &life.binary, &name, &headline, error, at));
        }
    }
    for (failure, _) in &model.processes {
        let (headline, error) = failure::process_error(failure);
        let at = model.duration;
        tests.push(teardown(
            model,
            "",
            "session (process)",
            &headline,
            &error,
            at,
        ));
    }
    let count = |status: &str| tests.iter().filter(|test| test["status"] == status).count();
    let run = &model.run;
    let mut environment = Map::new();
    environment.insert("osPlatform".to_owned(), json!(std::env::consts::OS));
    json!({
        "reportFormat": "CTRF",
        "specVersion": "1.0.0",
        "timestamp": Timestamp(run.started + model.duration).to_string(),
        "generatedBy": format!("itest {}", run.version),
        "results": {
            "tool": { "name": "itest", "version": run.version },
            "summary": {
                "tests": tests.len(),
                "passed": count("passed"),
                "failed": count("failed"),
                "skipped": count("skipped"),
                "pending": count("pending"),
                "other": count("other"),
                "flaky": model.tally.flaky,
                "suites": run.binaries.len(),
                "start": epoch(model, Duration::ZERO),
                "stop": epoch(model, model.duration),
                "duration": millis(model.duration),
            },
            "tests": tests,
            "environment": environment,
            "extra": {
                "filteredOut": run.filtered_out,
                "interrupted": model.tally.interrupted,
                "profile": run.profile,
                "fixtures": model.fixtures.iter().map(|life| fixture(model, life)).collect::<Vec<_>>(),
            },
        },
    })
}

fn case(model: &Model, test: &Test) -> Value {
    let word = test.word();
    let name = &*test.id.name;
    let mut case = json!({
        "name": name,
        "status": match word {
            "passed" | "flaky" | "xfailed" | "xpassed" => "passed",
            "failed" | "error" => "failed",
            "skipped" | "ignored" => "skipped",
            _ => "pending",
        },
        "duration": millis(test.duration),
        "start": epoch(model, test.start),
        "stop": epoch(model, test.start + test.duration),
        "suite": suite(&test.id.binary, name),
        "rawStatus": word,
        "type": "integration",
        "retries": test.attempts.saturating_sub(1),
        "flaky": test.is_flaky(),
    });
    let mut set = |key: &str, value: Value| case[key] = value;
    if !test.file.is_empty() {
        set("filePath", json!(test.file));
        set("line", json!(test.line));
    }
    if !test.markers.is_empty() {
        set("tags", json!(test.markers));
    }
    if let Some(worker) = test.worker {
        set("threadId", json!(worker.to_string()));
    }
    if let Some(reason) = test.reason().filter(|reason| !reason.is_empty()) {
        set("message", json!(reason));
    }
    if let Some((message, trace)) = test.outcome().and_then(|outcome| told(name, outcome)) {
        set("message", json!(message));
        set("trace", json!(trace));
    }
    if !test.output.is_empty() {
        set("stdout", json!(test.output.lines().collect::<Vec<_>>()));
    }
    if !test.leaks.is_empty() {
        set("extra", json!({ "leaks": test.leaks }));
    }
    if !test.earlier.is_empty() {
        let earlier = test.earlier.iter().zip(1..);
        let attempts: Vec<Value> = earlier
            .map(|(outcome, number)| {
                let (message, trace) = told(name, outcome).unwrap_or_default();
                json!({
                    "attempt": number, "status": "failed", "message": message, "trace": trace,
                })
            })
            .collect();
        set("retryAttempts", json!(attempts));
    }
    if !test.attachments.is_empty() {
        let attachments = test.attachments.iter().map(attachment);
        set("attachments", json!(attachments.collect::<Vec<_>>()));
    }
    case
}

/// The binary, then the modules.
fn suite(binary: &str, name: &str) -> Vec<String> {
    let mut suite: Vec<String> = [binary]
        .into_iter()
        .chain(name.split("::"))
        .map(str::to_owned)
        .collect();
    suite.pop();
    if suite.first().is_some_and(String::is_empty) && suite.len() > 1 {
        suite.remove(0);
    }
    suite
}

/// The message of a failure, and all that is known of it.
fn told(name: &str, outcome: &Outcome) -> Option<(String, String)> {
    let message = match outcome {
        Outcome::Failed { failure } => failure.message.clone(),
        Outcome::Error { error } => failure::setup_headline(error),
        _ => return None,
    };
    Some((message, failure::describe_outcome(name, outcome)))
}

fn attachment(attachment: &Attachment) -> Value {
    let path = match &attachment.content {
        Some(content) => format!(
            "data:{};base64,{}",
            attachment.media_type,
            base64::encode(content)
        ),
        None => String::new(),
    };
    json!({
        "name": attachment.name,
        "contentType": attachment.media_type,
        "path": path,
        "extra": { "size": attachment.size },
    })
}

/// A teardown that failed, as a test.
fn teardown(
    model: &Model,
    binary: &str,
    name: &str,
    headline: &str,
    error: &FixtureError,
    at: Duration,
) -> Value {
    let suite = match binary {
        "" => "session",
        binary => binary,
    };
    json!({
        "name": name,
        "status": "failed",
        "duration": 0,
        "start": epoch(model, at),
        "stop": epoch(model, at),
        "suite": [suite],
        "rawStatus": "teardown error",
        "type": "fixture",
        "message": headline,
        "trace": failure::fixture_error(headline, error),
    })
}

fn fixture(model: &Model, life: &Life) -> Value {
    let failed = |phase: &super::model::Phase| phase.error.is_some();
    json!({
        "name": life.fixture.path,
        "scope": life.fixture.scope.as_str(),
        "instance": life.fixture.instance,
        "binary": life.binary,
        "threadId": life.worker.map(|worker| worker.to_string()),
        "start": epoch(model, life.setup.start),
        "setup": millis(life.setup.duration),
        "teardown": life.teardown.as_ref().map(|phase| millis(phase.duration)),
        "failed": failed(&life.setup) || life.teardown.as_ref().is_some_and(failed),
    })
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// A time of the run, in milliseconds since 1970.
fn epoch(model: &Model, at: Duration) -> u64 {
    let since = (model.run.started + at).duration_since(UNIX_EPOCH);
    millis(since.unwrap_or_default())
}
