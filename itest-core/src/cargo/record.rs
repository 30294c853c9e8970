//! How `cargo test` starts each test binary: asked of cargo itself.
//!
//! For a second, quick `cargo test` this program is the *runner*, which cargo starts in place of a
//! test binary, in its directory and with its environment. The runner writes these down. So tests
//! get what `cargo test` gives them: search paths of libraries, variables of build scripts and of
//! `[env]`, and whatever the next version of cargo adds.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{ExitCode, Stdio};

use serde::{Deserialize, Serialize};

use super::Stop;
use super::invoke::cargo;
use super::words::Words;
use crate::run::say;

/// The first argument of a runner; the file for its records follows.
const ARGUMENT: &str = "--itest-record";

/// How cargo starts a binary.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Record {
    pub(super) program: PathBuf,
    /// Those that cargo adds by itself.
    pub(super) arguments: Vec<OsString>,
    pub(super) directory: PathBuf,
    pub(super) environment: Vec<(OsString, OsString)>,
}

impl Record {
    /// Whether libtest is in it: cargo tells nobody else to be quiet.
    pub(super) fn has_libtest(&self) -> bool {
        self.arguments.iter().any(|argument| argument == "--quiet")
    }

    pub(super) fn variable(&self, name: &str) -> Option<&OsString> {
        let mut all = self.environment.iter();
        all.find(|(known, _)| known == name).map(|(_, value)| value)
    }
}

/// Records, if cargo started this process to that end.
pub(super) fn record_if_asked(words: &[OsString]) -> Option<ExitCode> {
    let [_, role, file, program, arguments @ ..] = words else {
        return None;
    };
    if role != ARGUMENT {
        return None;
    }
    let recorded = record(Path::new(file), program, arguments);
    if let Err(error) = &recorded {
        say(&format!("error: {}: {error}", Path::new(file).display()));
    }
    Some(ExitCode::from(u8::from(recorded.is_err())))
}

fn record(file: &Path, program: &OsString, arguments: &[OsString]) -> std::io::Result<()> {
    let record = Record {
        program: program.into(),
        arguments: arguments.to_vec(),
        directory: std::env::current_dir()?,
        environment: std::env::vars_os().collect(),
    };
    let mut line = serde_json::to_vec(&record)?;
    line.push(b'\n');
    // Cargo runs one after the other.
    File::options().append(true).open(file)?.write_all(&line)
}

/// The records of all test binaries that are selected, in cargo's order.
pub(super) fn records(words: &Words) -> Result<Vec<Record>, Stop> {
    let file = Temporary::new()?;
    let runner = runner(&file.0)?;
    let mut command = cargo();
    command.args(["test", "--no-fail-fast"]);
    // The triple's own runner goes before any `cfg`; `cfg` is for a target from the configuration.
    for target in [host_or_target(words)?, "cfg(all())".to_owned()] {
        command.arg("--config");
        command.arg(format!("target.'{target}'.runner={runner}"));
    }
    if !words.cargo.iter().any(|word| word == "--quiet") {
        command.arg("--quiet");
    }
    if !words.selects {
        // Without it, documentation tests would run.
        command.arg("--tests");
    }
    let words = words.cargo.iter().filter(|word| *word != "--verbose");
    let output = command.args(words).stdin(Stdio::null()).output()?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(Stop::Error(format!(
            "`cargo test` did not tell how it starts the test binaries\n{}",
            said.trim_end()
        )));
    }
    let text = fs::read_to_string(&file.0)?;
    let parse = |line| serde_json::from_str(line).map_err(|error| Stop::Io(error.into()));
    text.lines().map(parse).collect()
}

/// This program as a value of cargo's configuration.
fn runner(file: &Path) -> Result<String, Stop> {
    let this = std::env::current_exe()?;
    let words = [this.to_str(), Some(ARGUMENT), file.to_str()];
    let Some(words) = words.into_iter().collect::<Option<Vec<&str>>>() else {
        return Err(Stop::Error(format!(
            "`{}` or `{}` is not Unicode, which cargo's configuration must be",
            this.display(),
            file.display()
        )));
    };
    // A list of strings in JSON is one in TOML.
    serde_json::to_string(&words).map_err(|error| Stop::Io(error.into()))
}

/// The target that is built for: as asked, or the host.
fn host_or_target(words: &Words) -> Result<String, Stop> {
    let mut all = words.cargo.iter().skip_while(|word| *word != "--target");
    if let Some(target) = all.nth(1) {
        let target = target.to_string_lossy();
        let name = Path::new(&*target).file_stem().unwrap_or_default();
        return Ok(match target.ends_with(".json") {
            true => name.to_string_lossy().into_owned(),
            false => target.into_owned(),
        });
    }
    let output = cargo().arg("-vV").output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    let host = text.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned).ok_or_else(|| {
        Stop::Error("`cargo -vV` does not say which target it builds for".to_owned())
    })
}

/// A file of our own that goes when it is no longer needed.
#[derive(Debug)]
pub(super) struct Temporary(pub(super) PathBuf);

impl Temporary {
    pub(super) fn new() -> std::io::Result<Self> {
        use std::os::unix::fs::OpenOptionsExt;
        for number in 0.. {
            let name = format!("itest-file-{}-{number}", std::process::id());
            let path = std::env::temp_dir().join(name);
            let mut options = File::options();
            match options.write(true).create_new(true).mode(0o600).open(&path) {
                Ok(_) => return Ok(Temporary(path)),
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
        unreachable!("some number is free")
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}
