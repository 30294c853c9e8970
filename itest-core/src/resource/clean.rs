//! Cleaning one resource, whoever does it.

use std::fs;
use std::io;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

#[cfg(unix)]
use super::Signal;
#[cfg(unix)]
use super::process::Identity;
use super::record::{Engine, Record};
use super::validate::always_protected_by;
use crate::channel;
use crate::listing::listing;
use crate::thread;

/// Makes sure that it is gone.
pub(super) fn clean(record: &Record) -> Result<(), String> {
    let cleaned = match record {
        #[cfg(unix)]
        Record::Process {
            process,
            signal,
            grace,
        } => super::process::end(*process, *signal, *grace),
        #[cfg(unix)]
        Record::ProcessGroup {
            leader,
            session,
            signal,
            grace,
        } => super::process::end_group(*leader, *session, *signal, *grace),
        // Without start times, a process cannot be told from a later one.
        #[cfg(not(unix))]
        Record::Process { .. } | Record::ProcessGroup { .. } => Ok(()),
        Record::Directory { path, .. } => remove(&path.to_path()),
        Record::Container { engine, id } => remove_containers(engine, &[id]),
        Record::LabelledContainers { engine, label } => remove_labelled(engine, label),
    };
    cleaned.map_err(|error| format!("{record} could not be cleaned: {error}"))
}

/// How often a directory is tried again into which somebody writes meanwhile.
const ATTEMPTS: usize = 10;

fn remove(path: &Path) -> Result<(), String> {
    // Checked when it was registered; a journal is only a file.
    if let Some(what) = always_protected_by(path) {
        return Err(format!("it is {what}"));
    }
    let mut opened = false;
    for _ in 0..ATTEMPTS {
        let error = match fs::remove_dir_all(path) {
            Ok(()) => return Ok(()),
            Err(error) => error,
        };
        match error.kind() {
            io::ErrorKind::NotFound if is_gone(path) => return Ok(()),
            io::ErrorKind::NotFound | io::ErrorKind::DirectoryNotEmpty => {}
            io::ErrorKind::NotADirectory => {
                return fs::remove_file(path).map_err(|error| error.to_string());
            }
            io::ErrorKind::PermissionDenied if !opened => {
                opened = true;
                open_up(path);
            }
            _ => return Err(error.to_string()),
        }
    }
    Err("something goes on writing into it".to_owned())
}

fn is_gone(path: &Path) -> bool {
    fs::symlink_metadata(path).is_err_and(|error| error.kind() == io::ErrorKind::NotFound)
}

/// Makes directories writable that a test made read-only, so that they can be emptied.
fn open_up(path: &Path) {
    let Ok(meta) = fs::symlink_metadata(path) else {
        return;
    };
    if !meta.is_dir() {
        return;
    }
    let mut permissions = meta.permissions();
    #[cfg(unix)]
    std::os::unix::fs::PermissionsExt::set_mode(&mut permissions, 0o700);
    #[cfg(not(unix))]
    #[expect(clippy::permissions_set_readonly_false, reason = "not on Unix")]
    permissions.set_readonly(false);
    // If it is not ours, removing it tells.
    let _ = fs::set_permissions(path, permissions);
    for inner in listing(path) {
        open_up(&inner);
    }
}

fn remove_labelled(engine: &Engine, label: &str) -> Result<(), String> {
    let filter = format!("label={label}");
    let list = ["ps", "--all", "--quiet", "--no-trunc", "--filter", &filter];
    let ids = call(engine, &list)?;
    let ids: Vec<&str> = ids.split_whitespace().collect();
    match ids[..] {
        [] => Ok(()),
        _ => remove_containers(engine, &ids),
    }
}

fn remove_containers(engine: &Engine, ids: &[impl AsRef<str>]) -> Result<(), String> {
    let mut words = vec!["rm", "-f", "-v"];
    words.extend(ids.iter().map(AsRef::as_ref));
    match call(engine, &words) {
        Err(error) if error.to_lowercase().contains("no such container") => Ok(()),
        result => result.map(drop),
    }
}

/// Runs the engine's command line; gives what it printed.
fn call(engine: &Engine, words: &[&str]) -> Result<String, String> {
    let program = engine.program.to_os();
    let name = format!("`{} {}`", program.display(), words.join(" "));
    let mut command = Command::new(&program);
    let environment = engine.environment.iter();
    command
        .args(words)
        .envs(environment.map(|(name, value)| (name, value.to_os())))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    #[cfg(unix)]
    command.env_remove(super::reaper::REAPER_VARIABLE);
    let output = command
        .spawn()
        .and_then(|child| output_of(child, ENGINE_LIMIT))
        .map_err(|error| format!("{name}: {error}"))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let stderr = String::from_utf8_lossy(&output.stderr);
    Err(format!("{name}: {}, {}", output.status, stderr.trim()))
}

/// How long an engine may take for one command.
const ENGINE_LIMIT: Duration = Duration::from_secs(60);

/// Waits for the end of a command; one that takes too long is killed.
fn output_of(child: Child, limit: Duration) -> io::Result<Output> {
    #[cfg(unix)]
    let process = Identity::of(child.id());
    let (sender, output) = channel::channel();
    let wait = move || drop(sender.send(child.wait_with_output()));
    thread::spawn("itest-engine", Box::new(wait))?;
    match output.recv_timeout(limit) {
        Ok(output) => output,
        Err(_) => {
            #[cfg(unix)]
            if let Some(process) = process {
                let _ = super::process::end(process, Signal::Kill, Duration::ZERO);
            }
            Err(io::Error::new(
                io::ErrorKind::TimedOut,
                format!("no answer within {limit:?}"),
            ))
        }
    }
}
