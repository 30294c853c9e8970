//! The built-in fixture `logs`: events of the test, of its threads and tasks, and of no other test.

use std::thread;

use itest::builtin::{Level, Logs};
use itest::prelude::*;
use tracing::{debug, error, info, info_span, trace, warn};

#[integration]
fn has_nothing_at_first(logs: &Logs) {
    assert!(logs.events().is_empty(), "{logs}");
    logs.assert_none_at(Level::Trace);
}

#[integration]
fn sees_every_level(logs: &Logs) {
    trace!("a");
    debug!("b");
    info!("c");
    warn!("d");
    error!("e");
    let levels: Vec<Level> = logs.events().iter().map(|event| event.level).collect();
    let all = [
        Level::Trace,
        Level::Debug,
        Level::Info,
        Level::Warn,
        Level::Error,
    ];
    assert_eq!(levels, all);
    assert_eq!(logs.at_least(Level::Warn).len(), 2);
    logs.clear();
    assert!(!logs.contains("a"));
}

#[integration]
fn sees_fields_and_spans(logs: &Logs) {
    let request = info_span!("request", id = 7, user = tracing::field::Empty);
    request.record("user", "ada");
    request.in_scope(|| {
        let query = info_span!(parent: None, "query");
        let _entered = query.enter();
        warn!(target: "db", millis = 1200, table = "users", "slow {}", "query");
    });
    request.in_scope(|| info!(error = %std::io::Error::other("gone"), "retry"));
    let events = logs.events();
    assert_eq!(
        events[0].to_string(),
        "WARN  db: query: slow query millis=1200 table=users"
    );
    assert_eq!(events[0].field("millis"), Some("1200"));
    assert_eq!(events[1].spans, ["request{id=7 user=ada}"]);
    logs.assert_contains("slow query");
    logs.assert_contains("gone");
    logs.assert_not_contains("fast query");
}

#[integration]
fn sees_its_threads(logs: &Logs) {
    thread::spawn(|| info!("from a thread")).join().unwrap();
    logs.assert_contains("from a thread");
}

#[integration(flavor = "multi_thread")]
async fn sees_its_tasks(logs: &Logs) -> Result {
    tokio::spawn(async { info!("from a task") }).await?;
    logs.assert_contains("from a task");
    Ok(())
}

/// Runs beside the others where tests share a process.
#[integration]
fn logs_without_asking() {
    for _ in 0..100 {
        error!("of another test");
        thread::yield_now();
    }
}

#[integration]
fn sees_no_other_test(logs: &Logs) {
    for _ in 0..100 {
        info!("mine");
        thread::yield_now();
    }
    logs.assert_not_contains("of another test");
    assert_eq!(logs.events().len(), 100);
}

#[integration]
#[should_panic(expected = "logged was:\nINFO  logs: there\n")]
fn says_what_was_logged(logs: &Logs) {
    info!("there");
    logs.assert_contains("not there");
}

itest::main!();
