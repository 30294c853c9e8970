//! [`Ctrf`]: a document in the Common Test Report Format, for tools that read many frameworks.
//!
//! The format knows tests only: a fixture whose teardown failed is a failed test of its own, and
//! all fixtures with their times stand under `extra`. Attachments are data URIs.

use std::io::{self, Write};
use std::time::{Duration, UNIX_EPOCH};

use super::failure;
use super::model::{self, Life, Model};
use super::time::Timestamp;
use super::{Out, Reporter, Wants, base64};
use crate::event::{Attachment, Event, Record};
use crate::json::{self, Written};
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
            let document = json::parse(document(&self.model).0.as_bytes())?;
            writeln!(self.out, "{document:#}")?;
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

fn document(model: &Model) -> Written {
    let mut tests: Vec<Test> = Vec::new();
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
    let results = results(model, &tests);
    let run = &model.run;
    Written::object(|document| {
        document
            .field("reportFormat", &"CTRF")
            .field("specVersion", &"1.0.0")
            .field(
                "timestamp",
                &Timestamp(run.started + model.duration).to_string(),
            )
            .field("generatedBy", &format!("itest {}", run.version))
            .field("results", &results);
    })
}

fn results(model: &Model, tests: &[Test]) -> Written {
    let run = &model.run;
    let tool = Written::object(|tool| {
        tool.field("name", &"itest").field("version", &run.version);
    });
    let count = |status: &str| tests.iter().filter(|test| test.status == status).count();
    let summary = Written::object(|summary| {
        summary
            .field("tests", &tests.len())
            .field("passed", &count("passed"))
            .field("failed", &count("failed"))
            .field("skipped", &count("skipped"))
            .field("pending", &count("pending"))
            .field("other", &count("other"))
            .field("flaky", &model.tally.flaky)
            .field("suites", &run.binaries.len())
            .field("start", &epoch(model, Duration::ZERO))
            .field("stop", &epoch(model, model.duration))
            .field("duration", &millis(model.duration));
    });
    let environment = Written::field("osPlatform", &std::env::consts::OS);
    let mut fixtures = Vec::new();
    for life in &model.fixtures {
        fixtures.push(fixture(model, life));
    }
    let extra = Written::object(|extra| {
        extra
            .field("filteredOut", &run.filtered_out)
            .field("interrupted", &model.tally.interrupted)
            .field("profile", &run.profile)
            .field("fixtures", &fixtures);
    });
    let tests: Vec<&Written> = tests.iter().map(|test| &test.written).collect();
    Written::object(|results| {
        results
            .field("tool", &tool)
            .field("summary", &summary)
            .field("tests", &tests)
            .field("environment", &environment)
            .field("extra", &extra);
    })
}

/// An entry of the list of tests.
struct Test {
    status: &'static str,
    written: Written,
}

fn case(model: &Model, test: &model::Test) -> Test {
    let word = test.word();
    let name = &*test.id.name;
    let status = match word {
        "passed" | "flaky" | "xfailed" | "xpassed" => "passed",
        "failed" | "error" => "failed",
        "skipped" | "ignored" => "skipped",
        _ => "pending",
    };
    let (message, trace) = match test.outcome().and_then(|outcome| told(name, outcome)) {
        Some((message, trace)) => (Some(message), Some(trace)),
        None => (test.reason().map(str::to_owned), None),
    };
    let stdout: Vec<&str> = test.output.lines().collect();
    let leaks = match test.leaks.is_empty() {
        true => None,
        false => Some(Written::field("leaks", &test.leaks)),
    };
    let mut earlier = Vec::new();
    for (outcome, number) in test.earlier.iter().zip(1_u32..) {
        let (message, trace) = told(name, outcome).unwrap_or_default();
        earlier.push(Written::object(|attempt| {
            attempt
                .field("attempt", &number)
                .field("status", &"failed")
                .field("message", &message)
                .field("trace", &trace);
        }));
    }
    let attachments: Vec<Written> = test.attachments.iter().map(attachment).collect();
    let written = Written::object(|case| {
        case.field("name", &name)
            .field("status", &status)
            .field("duration", &millis(test.duration))
            .field("start", &epoch(model, test.start))
            .field("stop", &epoch(model, test.start + test.duration))
            .field("suite", &suite(&test.id.binary, name))
            .field("rawStatus", &word)
            .field("type", &"integration")
            .field("retries", &test.attempts.saturating_sub(1))
            .field("flaky", &test.is_flaky());
        if !test.file.is_empty() {
            case.field("filePath", &test.file).field("line", &test.line);
        }
        case.optional("tags", &test.markers)
            .optional("threadId", &test.worker.map(|worker| worker.to_string()))
            .optional("message", &message.filter(|message| !message.is_empty()))
            .optional("trace", &trace)
            .optional("stdout", &stdout)
            .optional("extra", &leaks)
            .optional("retryAttempts", &earlier)
            .optional("attachments", &attachments);
    });
    Test { status, written }
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

fn attachment(attachment: &Attachment) -> Written {
    let path = match &attachment.content {
        Some(content) => format!(
            "data:{};base64,{}",
            attachment.media_type,
            base64::encode(content)
        ),
        None => String::new(),
    };
    let extra = Written::field("size", &attachment.size);
    Written::object(|written| {
        written
            .field("name", &attachment.name)
            .field("contentType", &attachment.media_type)
            .field("path", &path)
            .field("extra", &extra);
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
) -> Test {
    let suite = match binary {
        "" => "session",
        binary => binary,
    };
    let written = Written::object(|test| {
        test.field("name", &name)
            .field("status", &"failed")
            .field("duration", &0_u32)
            .field("start", &epoch(model, at))
            .field("stop", &epoch(model, at))
            .field("suite", &vec![suite])
            .field("rawStatus", &"teardown error")
            .field("type", &"fixture")
            .field("message", &headline)
            .field("trace", &failure::fixture_error(headline, error));
    });
    Test {
        status: "failed",
        written,
    }
}

fn fixture(model: &Model, life: &Life) -> Written {
    let failed = |phase: &model::Phase| phase.error.is_some();
    let teardown = life.teardown.as_ref();
    Written::object(|fixture| {
        fixture
            .field("name", &life.fixture.path)
            .field("scope", &life.fixture.scope)
            .field("instance", &life.fixture.instance)
            .field("binary", &life.binary)
            .field("threadId", &life.worker.map(|worker| worker.to_string()))
            .field("start", &epoch(model, life.setup.start))
            .field("setup", &millis(life.setup.duration))
            .field("teardown", &teardown.map(|phase| millis(phase.duration)))
            .field(
                "failed",
                &(failed(&life.setup) || teardown.is_some_and(failed)),
            );
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
