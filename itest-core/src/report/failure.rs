//! What is said about a failure, in every format.

use super::style::names;
use crate::event::FixtureName;
use crate::outcome::{Failure, FailureKind, FixtureError, Outcome};

/// What a failed test printed, and of its failure what it did not print.
///
/// A panic is printed where it happens, so its text usually is part of the captured output.
pub(super) fn transcript(test: &str, output: &str, failure: &Failure) -> String {
    let mut text = output.to_owned();
    let described = describe(test, failure);
    let essence = match failure.kind {
        FailureKind::Panic => panicked(failure),
        _ => described.clone(),
    };
    if !output.contains(essence.trim_end()) {
        end_line(&mut text);
        text += &described;
    }
    text
}

/// Whether it was printed when it happened. Without a place, a hook of the user's has seen it.
pub(super) fn is_printed(failure: &Failure) -> bool {
    failure.kind == FailureKind::Panic && failure.location.is_some()
}

/// The failure alone, in the shapes that nextest and editors look for.
pub(super) fn describe(test: &str, failure: &Failure) -> String {
    let mut text = match failure.kind {
        FailureKind::Panic => format!("thread '{test}' {}", panicked(failure)),
        FailureKind::Error => format!("Error: {failure}"),
        FailureKind::Timeout
        | FailureKind::Expectation
        | FailureKind::Crash
        | FailureKind::Interrupted => {
            format!("note: {failure}")
        }
        FailureKind::Misuse => format!("error: {failure}"),
    };
    end_line(&mut text);
    if let (Some(place), false) = (&failure.location, failure.kind == FailureKind::Panic) {
        text += &format!("  --> {place}\n");
    }
    if let Some(backtrace) = &failure.backtrace {
        text += "stack backtrace:\n";
        text += backtrace;
        end_line(&mut text);
    }
    text
}

/// The failure or error that an outcome is.
pub(crate) fn describe_outcome(test: &str, outcome: &Outcome) -> String {
    match outcome {
        Outcome::Failed { failure } => describe(test, failure),
        Outcome::Error { error } => fixture_error(&setup_headline(error), error),
        _ => String::new(),
    }
}

fn panicked(failure: &Failure) -> String {
    let place = failure.location.as_deref().unwrap_or("an unknown place");
    format!("panicked at {place}:\n{failure}")
}

/// The error of a fixture as seen from one test.
pub(super) fn fixture_error(headline: &str, error: &FixtureError) -> String {
    format!("error: {headline}\n{}{}", details(error), chain(error))
}

/// `` fixture `db` failed in setup ``
pub(super) fn setup_headline(error: &FixtureError) -> String {
    format!("fixture `{}` failed in setup", error.fixture)
}

/// What failed after a test: `` fixture `db` failed in teardown of `api::t1` ``
///
/// What the test itself deferred comes under the test's own name.
pub(super) fn teardown_headline(fixture: &str, test: &str) -> String {
    if fixture == test {
        format!("what `{test}` deferred failed")
    } else {
        format!("fixture `{fixture}` failed in teardown of `{test}`")
    }
}

/// `` session fixture `db` failed in teardown ``, `` module fixture `db` failed in teardown of `api` ``
pub(super) fn wide_teardown_headline(fixture: &FixtureName) -> String {
    let mut text = format!(
        "{} fixture `{}` failed in teardown",
        fixture.scope, fixture.path
    );
    if !fixture.instance.is_empty() {
        text += &format!(" of `{}`", fixture.instance);
    }
    text
}

/// The name of a failed teardown where only tests have a place: `t1 (teardown of db)`.
///
/// `of` is what the fixture was for.
pub(super) fn teardown_node(fixture: &str, of: &str) -> String {
    if fixture == of {
        format!("{of} (teardown)")
    } else {
        format!("{of} (teardown of {fixture})")
    }
}

/// What a wide fixture was for.
pub(super) fn lifetime(fixture: &FixtureName) -> &str {
    match &*fixture.instance {
        "" => fixture.scope.as_str(),
        instance => instance,
    }
}

/// Where the fixture stands and what happened in it.
pub(super) fn details(error: &FixtureError) -> String {
    let mut text = match &*error.location {
        "" => String::new(),
        location => format!("  --> {location}\n"),
    };
    for failure in &error.failures {
        let (kind, message) = (failure.kind, &failure.message);
        match (kind, &failure.location) {
            (FailureKind::Panic, Some(place)) => {
                note(&mut text, &format!("panicked at {place}: {message}"));
            }
            (FailureKind::Panic, None) => note(&mut text, &format!("panicked: {message}")),
            _ => note(&mut text, &format!("caused by: {message}")),
        }
        for cause in &failure.causes {
            note(&mut text, &format!("caused by: {cause}"));
        }
        if let Some(backtrace) = &failure.backtrace {
            note(&mut text, &format!("stack backtrace:\n{backtrace}"));
        }
    }
    text
}

/// How the test came to need the fixture.
pub(super) fn chain(error: &FixtureError) -> String {
    let mut text = String::new();
    if error.chain.len() > 1 {
        let chain: Vec<String> = error.chain.iter().map(|name| format!("`{name}`")).collect();
        note(&mut text, &format!("chain: {}", chain.join(" -> ")));
    }
    text
}

/// The death of a process as an error without a fixture, and its headline.
pub(super) fn process_error(failure: &Failure) -> (String, FixtureError) {
    let causes = failure.causes.iter();
    let error = FixtureError {
        fixture: "process".to_owned(),
        location: String::new(),
        chain: Vec::new(),
        remembered: false,
        failures: causes
            .map(|cause| Failure::new(failure.kind, cause))
            .collect(),
    };
    (failure.message.clone(), error)
}

/// The tests that it is about.
pub(super) fn about<S: AsRef<str>>(label: &str, tests: &[S]) -> String {
    let mut text = String::new();
    note(&mut text, &format!("{label}: {}", names(tests)));
    text
}

/// A note below an error, its further lines indented like the first.
fn note(out: &mut String, text: &str) {
    let mut margin = "   = note: ";
    for line in text.trim_end().lines() {
        out.push_str(margin);
        out.push_str(line);
        out.push('\n');
        margin = "           ";
    }
}

/// Ends the last line, if there is one.
pub(super) fn end_line(text: &mut String) {
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
}
