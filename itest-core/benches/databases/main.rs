//! What a PostgreSQL database for each test costs, beside `#[sqlx::test]` on the same server, and a
//! private server beside `initdb` and a start.
//!
//! ```console
//! $ cargo bench -p itest-core --features postgres --bench databases [-- start | tests | nextest]
//! ```
//!
//! A sample crate with two hundred tests is generated below the target directory and built, which
//! takes some minutes the first time. Both sides run in turns in one run of the program, against
//! one server that it starts; nothing is asserted. Without an installed PostgreSQL it says so.

mod sample;
mod start;

use std::process::{Command, ExitCode, Stdio};
use std::time::Instant;

use itest::service::Postgres;

/// Tests of the sample, each with a database of its own.
const TESTS: f64 = 200.0;

/// Runs of each side; a ratio is that of the minima.
const ROUNDS: usize = 2;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    // `cargo test --all-targets` starts the program too, without `--bench`.
    if !args.iter().any(|arg| arg == "--bench") {
        return ExitCode::SUCCESS;
    }
    let wanted: Vec<&String> = args.iter().filter(|arg| !arg.starts_with('-')).collect();
    let wants = |row: &str| wanted.is_empty() || wanted.iter().any(|wanted| *wanted == row);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .build()
        .expect("the runtime should start");
    let start = || runtime.block_on(Postgres::builder().private().try_start());
    let server = match start().expect("the server should start") {
        Ok(server) => server,
        Err(reason) => {
            println!("{reason}");
            return ExitCode::SUCCESS;
        }
    };
    println!("| what | itest: min (all) | beside | min (all) | ratio | target |");
    println!("|---|---|---|---|---|---|");
    if wants("start") {
        start::rows(&runtime, &server);
    }
    if wants("tests") || wants("nextest") {
        let sample = sample::build();
        if wants("tests") {
            tests(&server, &sample);
        }
        if wants("nextest") {
            nextest(&server);
        }
    }
    runtime
        .block_on(server.stop())
        .expect("the server should stop");
    ExitCode::SUCCESS
}

/// 200 tests at 1, 2 and 8 at a time.
fn tests(server: &Postgres, sample: &sample::Binaries) {
    for threads in ["1", "2", "8"] {
        let (mut ours, mut private, mut theirs) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            let threads = format!("--test-threads={threads}");
            let run = |binary: &std::path::Path| {
                let mut command = Command::new(binary);
                command.arg(&threads).current_dir(sample::directory());
                // Ours would be that of this program.
                command.env("CARGO_MANIFEST_DIR", sample::directory());
                for variable in ["DATABASE_URL", "ITEST_POSTGRES_URL"] {
                    command.env_remove(variable);
                }
                command
            };
            let url = server.url();
            ours.push(time(run(&sample.itest).env("ITEST_POSTGRES_URL", url)));
            private.push(time(&mut run(&sample.itest)));
            theirs.push(time(run(&sample.sqlx).env("DATABASE_URL", url)));
        }
        let target = match threads {
            "8" => "≤ 0.17",
            _ => "",
        };
        let beside = ("`#[sqlx::test]`", &*theirs);
        line(
            &format!("200 tests, {threads} at a time"),
            &ours,
            beside,
            target,
        );
        let what =
            format!("the same on a private server, start and stop included, {threads} at a time");
        line(&what, &private, beside, target);
    }
}

/// The same under nextest, a process for each test.
fn nextest(server: &Postgres) {
    for threads in ["2", "8"] {
        let run = |target: &str, variable: &str| {
            let mut command = sample::cargo(&["nextest", "run", "--status-level=none"]);
            command.args(["--test", target, "--test-threads", threads]);
            command
                .env_remove("DATABASE_URL")
                .env(variable, server.url());
            time(&mut command)
        };
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            ours.push(run("with_itest", "ITEST_POSTGRES_URL"));
            theirs.push(run("with_sqlx", "DATABASE_URL"));
        }
        let what = format!("200 tests under nextest, {threads} at a time");
        line(&what, &ours, ("`#[sqlx::test]`", &theirs), "");
    }
}

/// Seconds that a command takes to its successful end.
fn time(command: &mut Command) -> f64 {
    command.stdin(Stdio::null()).stdout(Stdio::null());
    command.stderr(Stdio::null());
    let started = Instant::now();
    let status = command.status().expect("the command should start");
    assert!(status.success(), "{command:?}: {status}");
    started.elapsed().as_secs_f64()
}

fn line(what: &str, ours: &[f64], beside: (&str, &[f64]), target: &str) {
    let (name, theirs) = beside;
    let min = |all: &[f64]| all.iter().copied().fold(f64::INFINITY, f64::min);
    let cell = |all: &[f64]| {
        let each: Vec<String> = all.iter().map(|seconds| format!("{seconds:.3}")).collect();
        format!("{:.3} s ({})", min(all), each.join(" "))
    };
    let ratio = min(ours) / min(theirs);
    println!(
        "| {what} | {} | {name} | {} | {ratio:.3} | {target} |",
        cell(ours),
        cell(theirs)
    );
    if what.starts_with("200") {
        let rate = |all: &[f64]| TESTS / min(all);
        let (ours, theirs) = (rate(ours), rate(theirs));
        println!(
            "| - tests each second | {ours:.0} | {name} | {theirs:.0} | {:.1} times | |",
            ours / theirs
        );
    }
}
