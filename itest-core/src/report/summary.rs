//! [`Summary`]: the end of a report for people, shared by `pretty` and `terse`.

use std::collections::HashMap;
use std::io::{self, Write};
use std::time::Duration;

use super::attempts::Attempts;
use super::durations::Durations;
use super::failure::{self, end_line};
use super::naming::Naming;
use super::style::{Style, Tone, count, one_line};
use super::tally::Tally;
use super::width::Width;
use super::{Out, Wants};
use crate::cli::Args;
use crate::event::{Event, Leak, Record, TestName};
use crate::outcome::{FixtureError, Outcome};
use crate::scope::Scope;
use crate::sort;

/// Collects what is printed after the last test.
#[derive(Debug)]
pub(super) struct Summary {
    style: Style,
    width: Width,
    show_output: bool,
    /// What tests print is in their output; otherwise it has been printed.
    captures: bool,
    tally: Tally,
    naming: Naming,
    durations: Durations,
    /// Failures of tests that are tried again.
    attempts: Attempts,
    /// Tests that passed in the end, with what was wrong before.
    flaky: Vec<(TestName, Vec<Outcome>)>,
    /// Tests that left something behind, and what.
    leaks: Vec<(TestName, Vec<Leak>)>,
    /// Name and output, with `--show-output`.
    successes: Vec<(TestName, String)>,
    failures: Vec<(TestName, String)>,
    errors: Vec<FixtureReport>,
    /// Which of `errors` says this already.
    known: HashMap<(Phase, String, String), usize>,
}

/// An error of a fixture, printed once for all tests that it befell.
#[derive(Debug)]
struct FixtureReport {
    phase: Phase,
    /// The fixture's path.
    fixture: String,
    /// In case that no test is named.
    headline: String,
    details: String,
    chain: String,
    tests: Vec<TestName>,
    /// Of those tests, without repetitions.
    outputs: Vec<(TestName, String)>,
}

/// When a fixture failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Phase {
    Setup,
    /// Of a test-scoped fixture.
    Teardown,
    /// Of a wider one.
    WideTeardown,
}

impl Summary {
    pub(super) fn new(args: &Args, style: Style, width: Width) -> Self {
        Summary {
            style,
            width,
            show_output: args.show_output,
            captures: args.capture,
            tally: Tally::default(),
            naming: Naming::default(),
            durations: Durations::new(args.durations),
            attempts: Attempts::default(),
            flaky: Vec::new(),
            leaks: Vec::new(),
            successes: Vec::new(),
            failures: Vec::new(),
            errors: Vec::new(),
            known: HashMap::new(),
        }
    }

    pub(super) fn wants(&self) -> Wants {
        Wants {
            own_fixtures: self.durations.are_wanted(),
            ..Wants::NOTHING
        }
    }

    pub(super) fn record(&mut self, record: &Record) {
        self.tally.record(record);
        self.durations.record(self.naming, record);
        match &record.event {
            Event::RunStarted(run) => self.naming = Naming::of(run),
            Event::AttemptFailed { test, outcome, .. } => {
                self.attempts.failed(record.id(test), outcome);
            }
            Event::TestLeaked { test, leaks } => {
                let name = self.naming.name(record, test);
                self.leaks.push((name, leaks.clone()));
            }
            Event::TestFinished {
                test,
                outcome,
                teardown_errors,
                output,
                ..
            } => {
                let name = || self.naming.name(record, test);
                if !self.attempts.is_empty() {
                    let attempts = self.attempts.take(&record.id(test));
                    if !attempts.is_empty() && *outcome == Outcome::Passed {
                        self.flaky.push((name(), attempts));
                    }
                }
                match outcome {
                    // Where it happened, it was printed.
                    Outcome::Failed { failure }
                        if !self.captures && output.is_empty() && failure::is_printed(failure) =>
                    {
                        self.failures.push((name(), String::new()));
                    }
                    Outcome::Failed { failure } => {
                        let text = failure::transcript(test, output, failure);
                        self.failures.push((name(), text));
                    }
                    Outcome::Error { error } => {
                        let name = name();
                        let report = self.report(Phase::Setup, error, String::new());
                        report.add_output(&name, output.clone());
                        report.tests.push(name);
                    }
                    Outcome::Passed | Outcome::Xfailed { .. } | Outcome::Xpassed { .. }
                        if self.show_output =>
                    {
                        self.successes.push((name(), output.clone()));
                    }
                    _ => (),
                }
                for error in teardown_errors {
                    let name = self.naming.name(record, test);
                    let report = self.report(Phase::Teardown, error, String::new());
                    report.tests.push(name);
                }
            }
            Event::TeardownFinished {
                fixture,
                error: Some(error),
                output,
                ..
            } if fixture.scope > Scope::Test => {
                let headline = failure::wide_teardown_headline(fixture);
                let output = output.clone();
                let report = self.report(Phase::WideTeardown, error, headline);
                report.add_output(&fixture.path.as_str().into(), output);
            }
            Event::ProcessFailed { failure, output } => {
                let (headline, error) = failure::process_error(failure);
                let output = output.clone();
                let report = self.report(Phase::WideTeardown, &error, headline);
                report.add_output(&"process".into(), output);
            }
            _ => (),
        }
    }

    /// The report of an error: the one there is, or a new one.
    fn report(
        &mut self,
        phase: Phase,
        error: &FixtureError,
        headline: String,
    ) -> &mut FixtureReport {
        let details = failure::details(error);
        let key = (phase, format!("{} {headline}", error.fixture), details);
        let earlier = self.known.get(&key).copied().or_else(|| {
            self.errors.iter().rposition(|report| {
                error.remembered && report.phase == phase && report.fixture == error.fixture
            })
        });
        let index = earlier.unwrap_or_else(|| {
            self.errors.push(FixtureReport {
                phase,
                fixture: error.fixture.clone(),
                headline,
                details: key.2.clone(),
                chain: failure::chain(error),
                tests: Vec::new(),
                outputs: Vec::new(),
            });
            self.known.insert(key, self.errors.len() - 1);
            self.errors.len() - 1
        });
        &mut self.errors[index]
    }

    pub(super) fn write(&self, out: &mut Out, duration: Duration) -> io::Result<()> {
        let width = self.width;
        if self.show_output {
            sections(out, width, "successes", &self.successes)?;
            name_list(
                out,
                "successes",
                self.successes.iter().map(|(name, _)| name).collect(),
            )?;
        }
        sections(out, width, "failures", &self.failures)?;
        self.write_errors(out)?;
        if self.tally.as_failed() > 0 {
            let mut failed: Vec<&TestName> = self.failures.iter().map(|(name, _)| name).collect();
            for report in &self.errors {
                if report.phase == Phase::Setup {
                    failed.extend(&report.tests);
                }
            }
            name_list(out, "failures", failed)?;
        }
        self.write_flaky(out)?;
        self.write_leaks(out)?;
        self.write_skips(out)?;
        self.durations.write(out)?;
        self.write_extras(out)?;
        self.write_result(out, duration)
    }

    fn write_errors(&self, out: &mut Out) -> io::Result<()> {
        if self.errors.is_empty() {
            return Ok(());
        }
        write!(out, "\nerrors:\n\n")?;
        for report in &self.errors {
            let head = format!("error: {}", report.headline());
            let head = self.width.wrapped(&head, 4);
            let error = self.style.paint(Tone::Bad, "error");
            writeln!(out, "{error}{}", &head["error".len()..])?;
            for part in [&report.details, &report.chain, &report.about()] {
                write!(out, "{}", self.width.wrapped_error(part))?;
            }
            writeln!(out)?;
            for (name, output) in &report.outputs {
                section(out, self.width, name, output)?;
            }
        }
        Ok(())
    }

    fn write_flaky(&self, out: &mut Out) -> io::Result<()> {
        if self.flaky.is_empty() {
            return Ok(());
        }
        write!(out, "\nflaky:\n\n")?;
        for (name, attempts) in &self.flaky {
            for (i, outcome) in attempts.iter().enumerate() {
                let text = failure::describe_outcome(name, outcome);
                let head = headline(self.width, name, &format!("attempt {}", i + 1));
                write!(out, "{head}\n{text}\n")?;
            }
        }
        Ok(())
    }

    fn write_leaks(&self, out: &mut Out) -> io::Result<()> {
        if self.leaks.is_empty() {
            return Ok(());
        }
        write!(out, "\nleaks:\n")?;
        for (name, leaks) in &self.leaks {
            writeln!(out, "    {name}")?;
            for leak in leaks {
                writeln!(out, "        {}", leak.what)?;
            }
        }
        Ok(())
    }

    fn write_skips(&self, out: &mut Out) -> io::Result<()> {
        let mut skips: Vec<&(String, usize)> = self.tally.skipped.iter().collect();
        if skips.is_empty() {
            return Ok(());
        }
        sort::by_key(&mut skips, |(_, count)| std::cmp::Reverse(*count));
        write!(out, "\nskipped:\n")?;
        for (reason, count) in skips {
            let reason = match one_line(reason) {
                reason if reason.is_empty() => "no reason given".into(),
                reason => reason,
            };
            let line = format!("    {count}: {reason}");
            writeln!(out, "{}", self.width.wrapped(&line, 7))?;
        }
        Ok(())
    }

    /// What libtest does not know, above the line in which it would have to stand.
    fn write_extras(&self, out: &mut Out) -> io::Result<()> {
        let tally = &self.tally;
        let mut extras = Vec::new();
        for (n, text) in [
            (tally.errors, count(tally.errors, "error")),
            (
                tally.teardown_errors,
                count(tally.teardown_errors, "teardown error"),
            ),
            (
                tally.process_errors,
                count(tally.process_errors, "process error"),
            ),
            (tally.flaky, format!("{} flaky", tally.flaky)),
            (tally.leaky, format!("{} leaky", tally.leaky)),
            (tally.xfailed, format!("{} xfailed", tally.xfailed)),
            (tally.xpassed, format!("{} xpassed", tally.xpassed)),
        ] {
            if n > 0 {
                extras.push(text);
            }
        }
        if tally.interrupted && tally.missing() > 0 {
            let missing = count(tally.missing(), "test");
            extras.push(format!("stopped early: {missing} did not run"));
        }
        match extras.is_empty() {
            true => Ok(()),
            false => write!(out, "\n{}\n", extras.join(", ")),
        }
    }

    fn write_result(&self, out: &mut Out, duration: Duration) -> io::Result<()> {
        let tally = &self.tally;
        let (tone, word) = match tally.is_success() {
            true => (Tone::Good, "ok"),
            false => (Tone::Bad, "FAILED"),
        };
        let line = format!(
            "test result: {word}. {} passed; {} failed; {} ignored; 0 measured; {} filtered out; \
             finished in {:.2}s",
            tally.as_passed(),
            tally.as_failed(),
            tally.as_ignored(),
            tally.filtered_out,
            duration.as_secs_f64(),
        );
        let line = self.width.broken(&line);
        let painted = self.style.paint(tone, word).to_string();
        write!(out, "\n{}\n\n", line.replacen(word, &painted, 1))
    }
}

impl FixtureReport {
    fn add_output(&mut self, name: &TestName, output: String) {
        if !output.is_empty() && self.outputs.iter().all(|(_, known)| *known != output) {
            self.outputs.push((name.clone(), output));
        }
    }

    fn headline(&self) -> String {
        let fixture = &self.fixture;
        match (self.phase, &*self.tests) {
            (Phase::WideTeardown, _) => self.headline.clone(),
            (Phase::Setup, [_]) => {
                format!("fixture `{fixture}` failed in setup; 1 test that needs it did not run")
            }
            (Phase::Setup, tests) => format!(
                "fixture `{fixture}` failed in setup; {} tests that need it did not run",
                tests.len()
            ),
            (Phase::Teardown, [test]) => failure::teardown_headline(fixture, test),
            (Phase::Teardown, tests) => {
                format!(
                    "fixture `{fixture}` failed in teardown of {} tests",
                    tests.len()
                )
            }
        }
    }

    /// The tests that are not in the headline.
    fn about(&self) -> String {
        match self.phase {
            Phase::Setup => failure::about("did not run", &self.tests),
            Phase::Teardown if self.tests.len() > 1 => failure::about("after", &self.tests),
            _ => String::new(),
        }
    }
}

fn sections(
    out: &mut Out,
    width: Width,
    title: &str,
    sections: &[(TestName, String)],
) -> io::Result<()> {
    if sections.is_empty() {
        return Ok(());
    }
    write!(out, "\n{title}:\n")?;
    if sections.iter().any(|(_, text)| !text.is_empty()) {
        writeln!(out)?;
    }
    for (name, text) in sections {
        section(out, width, name, text)?;
    }
    Ok(())
}

fn section(out: &mut Out, width: Width, name: &str, text: &str) -> io::Result<()> {
    if text.is_empty() {
        return Ok(());
    }
    let mut text = text.to_owned();
    end_line(&mut text);
    writeln!(out, "{}", headline(width, name, "stdout"))?;
    writeln!(out, "{text}")
}

/// `---- NAME stdout ----`, as libtest has it, where there is room.
fn headline(width: Width, name: &str, what: &str) -> String {
    let line = format!("---- {name} {what} ----");
    match width.columns() {
        Some(columns) if line.chars().count() > columns => {
            let name = width.name(name, "----  ".len() + what.len());
            format!("---- {name} {what}")
        }
        _ => line,
    }
}

fn name_list(out: &mut Out, title: &str, mut names: Vec<&TestName>) -> io::Result<()> {
    sort::ascending(&mut names);
    write!(out, "\n{title}:\n")?;
    for name in names {
        writeln!(out, "    {name}")?;
    }
    Ok(())
}
