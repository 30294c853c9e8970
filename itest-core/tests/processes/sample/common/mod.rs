//! What all binaries of the sample have in common; each has its own copy of the code, and all
//! have the same session fixtures.
#![allow(dead_code, reason = "not every binary needs all of it")]

use std::fs::File;
use std::io::Write;
use std::path::PathBuf;

use itest::prelude::*;

/// The file for events; files beside it open gates.
const EVENTS: &str = "SAMPLE_EVENTS";

fn events() -> PathBuf {
    std::env::var_os(EVENTS)
        .expect("`SAMPLE_EVENTS` should be set")
        .into()
}

/// Says what happens: one line, appended in one write, so that processes do not mix theirs.
pub fn event(what: &str) {
    let file = File::options().append(true).create(true).open(events());
    let line = format!("{} {what}\n", std::process::id());
    file.unwrap().write_all(line.as_bytes()).unwrap();
}

fn is_open(gate: &str) -> bool {
    events().with_extension(gate).exists()
}

/// Never ends, and does not yield.
pub fn hang() {
    loop {
        std::thread::park();
    }
}

/// Opens a gate for other processes of the run.
pub fn open(gate: &str) {
    std::fs::write(events().with_extension(gate), "").unwrap();
}

/// Waits until the test of the runner opens that gate.
pub fn wait_for(gate: &str) {
    let start = std::time::Instant::now();
    while !is_open(gate) && start.elapsed().as_secs() < 60 {
        std::thread::sleep(std::time::Duration::from_millis(2));
    }
}

/// The same where it can be cancelled.
pub async fn wait_for_async(gate: &str) {
    let start = std::time::Instant::now();
    while !is_open(gate) && start.elapsed().as_secs() < 60 {
        tokio::time::sleep(std::time::Duration::from_millis(2)).await;
    }
}

/// A text that a careless encoding would change.
pub const TEXT: &str = "ünï \"quoted\" \\ \n\t\0 \u{1f980} é";

#[fixture(scope = "session")]
pub async fn server(request: &Request) -> Result<String> {
    println!("noise of the server");
    request.export_env("SAMPLE_URL", "http://there");
    event("server up");
    provide!(format!("http://{}", std::process::id()));
    event("server down");
}

#[fixture(scope = "session")]
pub fn db(server: &String) -> (String, u32, f64, String) {
    event("db up");
    provide!((server.clone(), 7, 0.1, TEXT.to_owned()));
    event("db down");
}

/// What a test of the session fixtures checks.
pub fn check(server: &str, db: &(String, u32, f64, String)) {
    let (of_db, number, float, text) = db;
    assert!(server.starts_with("http://"), "{server}");
    assert_eq!(
        (of_db.as_str(), *number, *float, text.as_str()),
        (server, 7, 0.1, TEXT)
    );
    assert_eq!(std::env::var("SAMPLE_URL").unwrap(), "http://there");
}

/// Tests that use all session fixtures.
#[macro_export]
macro_rules! session_tests {
    ($($name:ident)*) => { $(
        #[integration]
        fn $name(server: &String, db: &(String, u32, f64, String)) {
            common::check(server, db);
        }
    )* };
}
