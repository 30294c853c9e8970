//! [`GitHub`]: annotations at the lines that failed, and the summary of a step, where GitHub
//! Actions runs the tests.
//!
//! Annotations go to stderr, where the runner of GitHub finds them too: stdout may be data.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, Write};
use std::path::PathBuf;

use super::failure;
use super::model::{Model, Test};
use super::style::{count, one_line};
use super::{Reporter, Wants};
use crate::event::{Event, Record};
use crate::outcome::{Failure, FixtureError, Outcome};
use crate::scope::Scope;

/// See the [module](self).
pub(super) struct GitHub {
    model: Model,
    annotations: Box<dyn Write + Send>,
    summary: Option<PathBuf>,
}

/// GitHub shows no more annotations of a step.
const ANNOTATIONS: usize = 10;

/// Of the failures in a summary, and of the text of each: GitHub takes one MiB for a step.
const FAILURES: usize = 50;
const TEXT: usize = 8 << 10;

impl GitHub {
    pub(super) fn new(annotations: Box<dyn Write + Send>, summary: Option<PathBuf>) -> Self {
        GitHub {
            model: Model::default(),
            annotations,
            summary,
        }
    }
}

impl Reporter for GitHub {
    fn record(&mut self, record: &Record) -> io::Result<()> {
        self.model.record(record);
        if !matches!(record.event, Event::RunFinished { .. }) {
            return Ok(());
        }
        let problems = problems(&self.model);
        for problem in problems.iter().take(ANNOTATIONS) {
            self.annotations
                .write_all(problem.annotation().as_bytes())?;
        }
        self.annotations.flush()?;
        let Some(path) = &self.summary else {
            return Ok(());
        };
        let mut file = File::options().append(true).create(true).open(path)?;
        file.write_all(summary(&self.model, &problems).as_bytes())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn wants(&self) -> Wants {
        Wants {
            own_fixtures: false,
            ..Wants::ALL
        }
    }
}

/// Something that is not good.
struct Problem {
    title: String,
    /// File and line, where known.
    place: Option<(String, u32)>,
    text: String,
}

impl Problem {
    /// A workflow command.
    fn annotation(&self) -> String {
        let mut command = "::error ".to_owned();
        if let Some((file, line)) = &self.place {
            let _ = write!(command, "file={},line={line},", property(file));
        }
        let text = shortened(self.text.trim_end());
        let _ = writeln!(command, "title={}::{}", property(&self.title), data(&text));
        command
    }
}

fn problems(model: &Model) -> Vec<Problem> {
    let mut problems = Vec::new();
    for test in &model.tests {
        if let Some(outcome) = test.outcome().filter(|outcome| outcome.is_failure()) {
            problems.push(of_test(model, test, outcome));
        }
        for error in &test.teardown_errors {
            let headline = failure::teardown_headline(&error.fixture, &test.id.name);
            problems.push(of_fixture(headline, error));
        }
    }
    for life in &model.fixtures {
        if let Some(phase) = &life.teardown
            && let Some(error) = &phase.error
            && life.fixture.scope > Scope::Test
        {
            problems.push(of_fixture(
                failure::wide_teardown_headline(&life.fixture),
                error,
            ));
        }
    }
    for (failure, _) in &model.processes {
        let (headline, error) = failure::process_error(failure);
        problems.push(of_fixture(headline, &error));
    }
    problems
}

fn of_test(model: &Model, test: &Test, outcome: &Outcome) -> Problem {
    let name = &test.id.name;
    let title = match model.run.binaries.len() {
        0 | 1 => name.to_string(),
        _ => format!("{} {name}", test.id.binary),
    };
    let own = (!test.file.is_empty()).then(|| (test.file.clone(), test.line));
    let place = match outcome {
        Outcome::Failed { failure } => of_panic(failure).or(own),
        Outcome::Error { error } => place(&error.location).or(own),
        _ => own,
    };
    Problem {
        title,
        place,
        text: failure::describe_outcome(name, outcome),
    }
}

fn of_fixture(headline: String, error: &FixtureError) -> Problem {
    let panic = error.failures.iter().find_map(of_panic);
    Problem {
        place: panic.or_else(|| place(&error.location)),
        text: failure::fixture_error(&headline, error),
        title: headline,
    }
}

/// Where it panicked, unless in somebody else's code.
fn of_panic(failure: &Failure) -> Option<(String, u32)> {
    let (file, line) = place(failure.location.as_deref()?)?;
    (!file.starts_with('/') && !file.contains(":\\")).then_some((file, line))
}

/// `file:line` or `file:line:column`
fn place(location: &str) -> Option<(String, u32)> {
    let (rest, last) = location.rsplit_once(':')?;
    let last = last.parse().ok()?;
    match rest.rsplit_once(':') {
        Some((file, line)) if line.parse::<u32>().is_ok() => {
            Some((file.to_owned(), line.parse().ok()?))
        }
        _ => Some((rest.to_owned(), last)),
    }
}

/// Text of a workflow command.
fn data(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

/// A value in the head of a workflow command.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

fn summary(model: &Model, problems: &[Problem]) -> String {
    let tally = &model.tally;
    let mut text = String::new();
    let icon = if tally.is_success() { "✅" } else { "❌" };
    let binaries: Vec<&str> = model.run.binaries.iter().map(|id| &**id).collect();
    let title = match binaries.len() {
        0..=3 => binaries.join(", "),
        n => format!("{n} test binaries"),
    };
    let profile = match &model.run.profile {
        Some(profile) => format!(", profile {profile}"),
        None => String::new(),
    };
    let _ = writeln!(text, "### {icon} {}\n", cell(&(title + &profile)));
    let counts = [
        (tally.passed, "passed"),
        (tally.failed, "failed"),
        (tally.errors, "error"),
        (tally.teardown_errors, "teardown error"),
        (tally.process_errors, "process error"),
        (tally.flaky, "flaky"),
        (tally.leaky, "leaky"),
        (tally.as_skipped(), "skipped"),
        (tally.ignored, "ignored"),
        (tally.xfailed, "xfailed"),
        (tally.xpassed, "xpassed"),
        (tally.missing(), "not run"),
    ];
    let shown = counts.iter().filter(|(n, _)| *n > 0);
    let (mut head, mut line, mut row) = (String::new(), String::new(), String::new());
    for (n, word) in shown {
        let _ = write!(head, "| {word} ");
        line += "| ---: ";
        let _ = write!(row, "| {n} ");
    }
    let time = model.duration.as_secs_f64();
    let _ = writeln!(
        text,
        "{head}| time |\n{line}| ---: |\n{row}| {time:.2} s |\n"
    );
    for problem in problems.iter().take(FAILURES) {
        let place = match &problem.place {
            Some((file, line)) => format!(" <code>{}:{line}</code>", html(file)),
            None => String::new(),
        };
        let body = shortened(problem.text.trim_end());
        let fence = fence(&body);
        let _ = writeln!(
            text,
            "<details><summary><b>{}</b>{place}</summary>\n\n{fence}text\n{body}\n{fence}\n\n</details>\n",
            html(&one_line(&problem.title)),
        );
    }
    if problems.len() > FAILURES {
        let more = count(problems.len() - FAILURES, "more problem");
        let _ = writeln!(text, "… and {more}\n");
    }
    let flaky: Vec<String> = model
        .tests
        .iter()
        .filter(|test| test.is_flaky())
        .take(FAILURES)
        .map(|test| format!("<code>{}</code>", html(&test.id.name)))
        .collect();
    if !flaky.is_empty() {
        let _ = writeln!(text, "Flaky: {}\n", flaky.join(", "));
    }
    let leaky = model.tests.iter().filter(|test| !test.leaks.is_empty());
    for test in leaky.take(FAILURES) {
        let leaks = html(&one_line(&test.leaks.join("; ")));
        let name = html(&test.id.name);
        let _ = writeln!(text, "- <code>{name}</code> left behind: {leaks}");
    }
    for (reason, n) in &tally.skipped {
        let reason = match &*one_line(reason) {
            "" => "no reason given".to_owned(),
            reason => html(reason),
        };
        let _ = writeln!(text, "- {n} skipped: {reason}");
    }
    text.push('\n');
    text
}

fn cell(text: &str) -> String {
    html(&one_line(text)).replace('|', "\\|")
}

fn html(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

/// More backticks than the text has in a row.
fn fence(text: &str) -> String {
    let longest = text
        .split(|c| c != '`')
        .map(str::len)
        .max()
        .unwrap_or_default();
    "`".repeat((longest + 1).max(3))
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(TEXT) {
        Some((end, _)) => format!("{}\n…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_read() {
        let place = |text| place(text).map(|(file, line)| format!("{file} {line}"));
        for (text, expected) in [
            ("tests/api.rs:12:9", Some("tests/api.rs 12")),
            ("tests/api.rs:12", Some("tests/api.rs 12")),
            ("C:\\tests\\api.rs:12", Some("C:\\tests\\api.rs 12")),
            ("", None),
            ("tests/api.rs", None),
        ] {
            assert_eq!(place(text).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn a_fence_is_longer_than_what_it_holds() {
        assert_eq!(fence("plain"), "```");
        assert_eq!(fence("a ```` b ` c"), "`````");
    }
}
