//! What a session fixture adds to a test process, as nextest starts one for every test.
//!
//! ```console
//! $ cargo bench -p itest-core --bench session
//! ```
//!
//! A sample crate is generated below the target directory and built. Its tests run one by one, each
//! in a process of its own, those with a session fixture and those without in turns. This process
//! owns the run, so all of them have one session host. Nothing is asserted but that they pass; the
//! difference of the minima is what counts, because machines are shared and noisy.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::Instant;

/// Pairs of tests.
const TESTS: usize = 200;

/// More is too much.
const MOST_MILLISECONDS: f64 = 3.0;

const MANIFEST: &str = r#"[package]
name = "session-sample"
version = "0.1.0"
edition = "2024"
publish = false

[workspace]

[lib]
path = "lib.rs"

[dev-dependencies]
itest-core = { path = "ITEST_CORE" }

[[test]]
name = "session"
harness = false
"#;

const HEAD: &str = "\
use itest::prelude::*;

itest::main!();

#[fixture(scope = \"session\")]
fn server() -> String {
    \"http://there\".to_owned()
}
";

fn main() -> ExitCode {
    // `cargo test --all-targets` starts the program too, without `--bench`.
    if !std::env::args().any(|arg| arg == "--bench") || !cfg!(target_os = "linux") {
        return ExitCode::SUCCESS;
    }
    let binary = build();
    let run = run_of_this_process();
    // The first one starts the host.
    measure(&binary, &run, "with0");
    let mut plain = Vec::new();
    let mut with = Vec::new();
    for number in 0..TESTS {
        plain.push(measure(&binary, &run, &format!("plain{number}")));
        with.push(measure(&binary, &run, &format!("with{number}")));
    }
    println!("| test process | min ms | median ms |\n|---|---|---|");
    for (what, times) in [("without", &mut plain), ("one session fixture", &mut with)] {
        times.sort_by(f64::total_cmp);
        let (min, median) = (times[0], times[times.len() / 2]);
        println!("| {what} | {min:.2} | {median:.2} |");
    }
    let added = with[0] - plain[0];
    println!("\nadded: {added:.2} ms (at most {MOST_MILLISECONDS})");
    ExitCode::SUCCESS
}

fn build() -> PathBuf {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("session-bench");
    let core = env!("CARGO_MANIFEST_DIR");
    let pairs = (0..TESTS).map(|number| {
        format!(
            "#[integration]\nfn plain{number}() {{}}\n\
             #[integration]\nfn with{number}(server: &String) {{ assert!(!server.is_empty()); }}\n"
        )
    });
    let tests: String = std::iter::once(HEAD.to_owned()).chain(pairs).collect();
    write(
        &directory.join("Cargo.toml"),
        &MANIFEST.replace("ITEST_CORE", core),
    );
    write(&directory.join("lib.rs"), "");
    write(&directory.join("tests/session.rs"), &tests);
    // The versions of the workspace: nothing is to be resolved anew.
    if let Ok(lock) = std::fs::read(Path::new(core).join("../Cargo.lock")) {
        std::fs::write(directory.join("Cargo.lock"), lock).expect("the directory is writable");
    }
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["test", "--no-run", "--offline", "--message-format=json"])
        .current_dir(&directory)
        .env("CARGO_TARGET_DIR", directory.join("target"))
        .stderr(Stdio::inherit())
        .output()
        .expect("cargo starts");
    assert!(output.status.success(), "the sample does not build");
    let messages = String::from_utf8(output.stdout).expect("cargo writes UTF-8");
    let messages = messages
        .lines()
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    messages
        .filter(|message| message["target"]["name"] == "session")
        .find_map(|message| Some(PathBuf::from(message["executable"].as_str()?)))
        .expect("cargo names the executable")
}

fn write(path: &Path, text: &str) {
    if std::fs::read_to_string(path).is_ok_and(|there| there == text) {
        return;
    }
    let parent = path.parent().expect("it has a parent");
    std::fs::create_dir_all(parent).expect("the target directory is writable");
    std::fs::write(path, text).expect("the target directory is writable");
}

/// As dispatchers tell it to their workers.
fn run_of_this_process() -> String {
    let stat = std::fs::read_to_string("/proc/self/stat").expect("there should be `/proc`");
    let (_, fields) = stat.rsplit_once(')').expect("the name is in brackets");
    let started = fields.split_whitespace().nth(19).expect("it is there");
    format!("run-{}-{started}", std::process::id())
}

/// Milliseconds of a process for that test.
fn measure(binary: &Path, run: &str, test: &str) -> f64 {
    let mut command = Command::new(binary);
    command
        .args(["--exact", test, "--nocapture"])
        .env("ITEST_RUN", run)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::inherit());
    let started = Instant::now();
    let status = command.status().expect("the sample starts");
    assert!(status.success(), "`{test}` failed");
    started.elapsed().as_secs_f64() * 1e3
}
