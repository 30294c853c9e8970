//! Running user code so that a panic becomes a [`Failure`] with its message and place.

use std::any::Any;
use std::backtrace::{Backtrace, BacktraceStatus};
use std::cell::RefCell;
use std::io::Write;
use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind, set_hook, take_hook};
use std::sync::Once;

use crate::event::TestName;
use crate::outcome::{Failure, FailureKind};
use crate::signal::Signal;

/// How user code left, other than by returning.
#[derive(Debug)]
pub(crate) enum Stop {
    Failed(Failure),
    Skipped(String),
    Xfailed(String),
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Stop::Failed(failure)
    }
}

thread_local! {
    /// What runs on this thread, for the hook's first line; and what the hook saw.
    static RUNNING: RefCell<Option<TestName>> = const { RefCell::new(None) };
    static SEEN: RefCell<Option<Failure>> = const { RefCell::new(None) };
}

/// Names the code that runs on this thread until the guard is dropped.
pub(crate) fn running(name: &TestName) -> Running {
    RUNNING.replace(Some(name.clone()));
    Running(())
}

/// The test that runs on this thread, or whose fixture does.
#[cfg(feature = "tracing")]
pub(crate) fn running_test() -> Option<String> {
    RUNNING.with_borrow(|running| running.as_ref().map(ToString::to_string))
}

/// See [`running`].
pub(crate) struct Running(());

impl Drop for Running {
    fn drop(&mut self) {
        RUNNING.take();
    }
}

/// What runs on this thread.
pub(crate) fn what_runs() -> Option<TestName> {
    let name = RUNNING.try_with(|running| running.try_borrow().ok()?.clone());
    name.ok().flatten()
}

/// Makes panics of user code be remembered, and be printed with the test's name.
///
/// Panics on other threads go to the hook that was there before.
pub(crate) fn install_hook() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let previous = take_hook();
        set_hook(Box::new(move |info| match what_runs() {
            Some(name) => see(&name, info),
            None => previous(info),
        }));
    });
}

fn see(name: &str, info: &PanicHookInfo<'_>) {
    let mut failure = Failure::new(FailureKind::Panic, message(info.payload()));
    failure.location = info.location().map(ToString::to_string);
    let backtrace = Backtrace::capture();
    let hint = match backtrace.status() {
        BacktraceStatus::Captured => {
            let text = short(&backtrace.to_string());
            let hint = format!("stack backtrace:\n{text}");
            failure.backtrace = Some(text);
            hint
        }
        _ => "note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace\n"
            .to_owned(),
    };
    // In the shape of the standard hook, which nextest and editors look for. `eprint!` goes where
    // libtest captures; it panics when stderr is closed, which must not happen in here.
    let text = format!(
        "\nthread '{name}' panicked at {}:\n{}\n{hint}",
        failure.location.as_deref().unwrap_or("an unknown place"),
        failure.message,
    );
    if catch_unwind(|| eprint!("{text}")).is_err() {
        let _ = std::io::stderr().flush();
    }
    SEEN.with_borrow_mut(|seen| *seen = Some(failure));
}

/// Leaves out the frames of the panic itself and ours, unless `RUST_BACKTRACE=full` wants all.
fn short(backtrace: &str) -> String {
    if std::env::var_os("RUST_BACKTRACE").is_some_and(|value| value == "full") {
        return backtrace.to_owned();
    }
    let mut frames: Vec<String> = Vec::new();
    for line in backtrace.lines() {
        match frames.last_mut() {
            Some(frame) if line.trim_start().starts_with("at ") => {
                frame.push('\n');
                frame.push_str(line);
            }
            _ => frames.push(line.to_owned()),
        }
    }
    let start = frames
        .iter()
        .position(|frame| frame.contains("__rust_end_short_backtrace"))
        .map_or(0, |index| index + 1);
    let ours = |frame: &String| frame.contains("::__itest_") || frame.contains(": itest::run::");
    let length = frames[start..]
        .iter()
        .position(ours)
        .unwrap_or(frames.len() - start);
    let mut text = frames[start..start + length].join("\n");
    text.push_str("\nnote: `RUST_BACKTRACE=full` shows all frames\n");
    text
}

fn message(payload: &(dyn Any + Send)) -> String {
    if let Some(text) = payload.downcast_ref::<&'static str>() {
        (*text).to_owned()
    } else if let Some(text) = payload.downcast_ref::<String>() {
        text.clone()
    } else {
        "the panic's payload is not a string".to_owned()
    }
}

fn stopped(payload: Box<dyn Any + Send>) -> Stop {
    match Signal::from_payload(payload) {
        Ok(Signal::Skip(reason)) => Stop::Skipped(reason),
        Ok(Signal::Xfail(reason)) => Stop::Xfailed(reason),
        Err(payload) => {
            let message = message(&*payload);
            // A panic that was caught by the user earlier may have left another one behind.
            let seen = SEEN
                .with_borrow_mut(Option::take)
                .filter(|seen| seen.message == message);
            Stop::Failed(seen.unwrap_or_else(|| Failure::new(FailureKind::Panic, message)))
        }
    }
}

/// Calls user code.
pub(crate) fn catch<T>(code: impl FnOnce() -> Result<T, Failure>) -> Result<T, Stop> {
    match catch_unwind(AssertUnwindSafe(code)) {
        Ok(result) => result.map_err(Stop::Failed),
        Err(payload) => Err(stopped(payload)),
    }
}
