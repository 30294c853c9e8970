//! Cleaning in the place of an owner that is gone.

use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::journal::{self, Contents};
use super::process::Identity;
use super::record::Record;
use super::validate;
use crate::channel;
use crate::listing::listing;
use crate::thread;

/// What to do about a journal whose lock is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wait {
    /// Whoever holds it is about to end.
    ForLock,
    /// Its owner lives, or somebody cleans already.
    No,
}

/// What became of a journal.
#[derive(Debug, Default)]
pub(super) struct Swept {
    pub(super) contents: Contents,
    /// What could not be cleaned, and why.
    pub(super) errors: Vec<String>,
}

/// Cleans what dead owners have left, and removes files and directories of dead runs.
///
/// Costs the reading of three directories if there is nothing.
pub(crate) fn sweep() {
    for path in journal::all() {
        clean_journal(&path, Wait::No);
    }
    sweep_files();
    crate::session::sweep_runs();
}

/// Where a dispatcher has files for its workers, each locked while it lives.
pub(crate) fn files() -> io::Result<PathBuf> {
    crate::session::shared_directory("files")
}

fn sweep_files() {
    let Ok(files) = files() else { return };
    for path in listing(&files) {
        if let Ok(Some(_)) = take(&path, Wait::No) {
            let _ = fs::remove_file(path);
        }
    }
}

/// How long it is waited for a reaper.
const SETTLE_LIMIT: Duration = Duration::from_secs(60);

/// Cleans what a process of ours has left that has ended, or waits until its reaper has.
pub(crate) fn settle(process: Identity) {
    let start = format!("{process}-");
    for path in journal::all() {
        let name = path.file_name().unwrap_or_default().as_encoded_bytes();
        if !name.starts_with(start.as_bytes()) {
            continue;
        }
        let (sender, settled) = channel::channel();
        let settle = move || {
            clean_journal(&path, Wait::ForLock);
            let _ = sender.send(());
        };
        let started = thread::spawn("itest-settle", Box::new(settle));
        // A child that it has forked, and that goes on, may hold the lock for ever.
        if started.is_ok() {
            let _ = settled.recv_timeout(SETTLE_LIMIT);
        }
    }
}

/// Cleans what a journal says, and removes it; not while its owner lives.
pub(super) fn clean_journal(path: &Path, wait: Wait) -> Option<Swept> {
    let mut file = take(path, wait).ok()??;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).ok()?;
    let contents = journal::parse(&bytes);
    let world = World::of(&contents);
    let mut errors = Vec::new();
    for entry in contents.entries.iter().rev() {
        let cleaned = match world.judge(&entry.record, wait) {
            Judgement::Clean => super::clean::clean(&entry.record),
            Judgement::Gone => Ok(()),
            Judgement::Leave => Err(format!("{} cannot be reached from here", entry.record)),
        };
        match cleaned {
            // If it cannot be noted it is cleaned once more, by someone who finds nothing there.
            Ok(()) => drop(journal::append_done(&mut file, entry.id)),
            // It may be cleaned later; the others are not kept waiting.
            Err(error) => errors.push(error),
        }
    }
    // A reaper that comes later learns from it that it has a run's directory to remove.
    let is_awaited = wait == Wait::No && contents.runner.is_some_and(Identity::runs);
    if errors.is_empty() && !is_awaited {
        let _ = fs::remove_file(path);
    }
    Some(Swept { contents, errors })
}

/// Where a journal was written, seen from here.
enum World {
    /// Numbers of processes mean here what they meant there.
    Same,
    /// The system has been started anew: none of its processes lives.
    Ended,
    /// Another container's, or nobody knows.
    Other,
}

enum Judgement {
    Clean,
    /// What has its name now is something else.
    Gone,
    /// It cannot be reached from here.
    Leave,
}

impl World {
    fn of(contents: &Contents) -> Self {
        let here = journal::world();
        let boot = |world: &str| world.split(' ').next().map(str::to_owned);
        match &contents.header {
            Some(header) if header.world == here => World::Same,
            Some(header) if boot(&header.world) != boot(&here) => World::Ended,
            _ => World::Other,
        }
    }

    fn judge(&self, record: &Record, wait: Wait) -> Judgement {
        match (record, self) {
            (Record::Process { .. } | Record::ProcessGroup { .. }, World::Ended) => Judgement::Gone,
            (Record::Process { .. } | Record::ProcessGroup { .. }, World::Other) => {
                Judgement::Leave
            }
            (
                Record::Process { process, .. }
                | Record::ProcessGroup {
                    leader: process, ..
                },
                World::Same,
            ) if !process.is_certain() => Judgement::Leave,
            (Record::Directory { path, node }, _) if wait == Wait::No => {
                // Long after, another directory may have the path.
                match (node, validate::node(&path.to_path())) {
                    (Some(then), Some(now)) if *then != now => Judgement::Gone,
                    _ => Judgement::Clean,
                }
            }
            _ => Judgement::Clean,
        }
    }
}

/// Opens and locks a journal that nobody else has taken.
fn take(path: &Path, wait: Wait) -> io::Result<Option<File>> {
    let file = File::options().read(true).append(true).open(path)?;
    match wait {
        Wait::ForLock => file.lock()?,
        Wait::No => {
            if file.try_lock().is_err() {
                return Ok(None);
            }
        }
    }
    // Whoever had it before has cleaned if it has removed it.
    Ok((file.metadata()?.nlink() > 0).then_some(file))
}
