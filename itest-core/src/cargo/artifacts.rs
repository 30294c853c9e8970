//! Building: the test executables that `cargo test --no-run` makes.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, ErrorKind};
use std::path::PathBuf;
use std::process::Stdio;

use serde::Deserialize;

use super::Stop;
use super::invoke::cargo;
use super::words::Words;

/// A test executable.
#[derive(Debug)]
pub(super) struct Artifact {
    pub(super) executable: PathBuf,
    /// The target's name.
    pub(super) target: String,
    pub(super) kind: String,
}

/// The messages of cargo that we need.
#[derive(Deserialize)]
struct Message {
    reason: String,
    executable: Option<PathBuf>,
    profile: Option<Profile>,
    target: Option<Target>,
}

#[derive(Deserialize)]
struct Profile {
    test: bool,
}

#[derive(Deserialize)]
struct Target {
    name: String,
    kind: Vec<String>,
}

/// Builds. What cargo and the compiler say goes to stderr, as ever.
pub(super) fn build(words: &Words) -> Result<Vec<Artifact>, Stop> {
    let mut command = cargo();
    command
        .args([
            "test",
            "--no-run",
            "--message-format=json-render-diagnostics",
        ])
        .args(&words.cargo)
        .stdin(Stdio::null())
        .stdout(Stdio::piped());
    let mut child = command.spawn().map_err(|error| match error.kind() {
        ErrorKind::NotFound => Stop::Error(not_found(command.get_program())),
        _ => Stop::Io(error),
    })?;
    let mut artifacts = Vec::new();
    if let Some(stdout) = child.stdout.take() {
        for line in BufReader::new(stdout).lines() {
            artifacts.extend(artifact(&line?));
        }
    }
    // It has said what is wrong.
    match child.wait()?.success() {
        true => Ok(artifacts),
        false => Err(Stop::Said),
    }
}

fn not_found(cargo: &OsStr) -> String {
    format!(
        "`{}` was not found\n  help: install Rust, or set `CARGO` to the path of cargo",
        cargo.to_string_lossy()
    )
}

fn artifact(line: &str) -> Option<Artifact> {
    let message: Message = serde_json::from_str(line).ok()?;
    if message.reason != "compiler-artifact" || !message.profile?.test {
        return None;
    }
    let target = message.target?;
    Some(Artifact {
        executable: message.executable?,
        target: target.name,
        kind: target.kind.into_iter().next().unwrap_or_default(),
    })
}
