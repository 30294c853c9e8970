//! Who has registered what, and what was left: for `cargo itest doctor`.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::journal::{self, Contents};
use super::sweep::{Wait, clean_journal};

use crate::sort;

/// A process that has resources registered, or had when it died.
#[derive(Debug, Clone, PartialEq)]
pub struct Owner {
    /// Its number.
    pub pid: u32,
    /// Its program, a test binary.
    pub program: PathBuf,
    /// When it registered its first resource, or became a session host.
    pub since: SystemTime,
    /// What it is at.
    pub state: State,
    /// If it is a session host: the process whose end is the end of the run.
    pub runner: Option<u32>,
    /// If it is a session host: the fixtures that it offers, `name (file:line:column)`.
    pub fixtures: Vec<String>,
    /// What it has registered that was not cleaned yet, in the order of registration.
    pub resources: Vec<Held>,
    /// Where all this is written.
    pub journal: PathBuf,
}

/// What the owner of a journal is at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum State {
    /// It lives, and cleans what it has.
    Lives,
    /// It is dead; its reaper, or a sweep, is cleaning.
    BeingCleaned,
    /// It is dead and nobody cleans: a sweep does.
    Left,
}

impl State {
    /// What to do about it.
    pub fn help(self) -> &'static str {
        match self {
            State::Lives => {
                "nothing, if that run is wanted; otherwise end its runner, it then cleans up"
            }
            State::BeingCleaned => "nothing: it takes some seconds",
            State::Left => "the next run cleans it, or `cargo itest doctor --sweep` now",
        }
    }
}

/// A registered resource.
#[derive(Debug, Clone, PartialEq)]
pub struct Held {
    /// `process 123`, ``directory `/tmp/x` `` …
    pub what: String,
    /// The fixture or test that has registered it.
    pub user: String,
}

/// What [`sweep_now`] did about an owner's resources.
#[derive(Debug, Clone, PartialEq)]
pub struct Swept {
    /// Who had left them.
    pub owner: Owner,
    /// What could not be cleaned, and why; the rest is gone.
    pub errors: Vec<String>,
}

/// All owners of this user on this machine, longest there first.
pub fn owners() -> Vec<Owner> {
    let all = journal::all().into_iter();
    let mut owners: Vec<Owner> = all.filter_map(|path| examine(&path)).collect();
    sort::by_key(&mut owners, |owner| (owner.since, owner.pid));
    owners
}

fn examine(path: &Path) -> Option<Owner> {
    let mut file = File::open(path).ok()?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).ok()?;
    let contents = journal::parse(&bytes);
    let lives = contents.header.as_ref().is_some_and(|header| {
        // Of a process of another container the lock alone tells.
        header.world != journal::world() || header.owner.runs()
    });
    let state = match file.try_lock() {
        Ok(()) => State::Left,
        Err(_) if lives => State::Lives,
        Err(_) => State::BeingCleaned,
    };
    Some(describe(path, &contents, state))
}

fn describe(path: &Path, contents: &Contents, state: State) -> Owner {
    let header = contents.header.as_ref();
    let entries = contents.entries.iter();
    Owner {
        pid: header.map_or(0, |header| header.owner.pid),
        program: header.map_or_else(PathBuf::new, |header| header.program.to_path()),
        since: UNIX_EPOCH + Duration::from_secs(header.map_or(0, |header| header.since)),
        state,
        runner: contents.hosting.as_ref().map(|hosting| hosting.runner.pid),
        fixtures: contents.hosting.as_ref().map_or_else(Vec::new, |hosting| {
            fixtures(&fs::read_to_string(hosting.offers.to_path()).unwrap_or_default())
        }),
        resources: entries
            .map(|entry| Held {
                what: entry.record.to_string(),
                user: entry.user.clone(),
            })
            .collect(),
        journal: path.to_owned(),
    }
}

/// Of the lines of a host's list, `file:line:column name (what it builds on)`.
fn fixtures(offers: &str) -> Vec<String> {
    let name = |offer: &str| {
        let (location, rest) = offer.split_once(' ')?;
        let name = rest.split(' ').next()?;
        Some(format!("{name} ({location})"))
    };
    offers.lines().filter_map(name).collect()
}

/// Cleans now what dead owners have left, the next run's work; tells what it did.
pub fn sweep_now() -> Vec<Swept> {
    let swept = journal::all().into_iter().filter_map(|path| {
        let swept = clean_journal(&path, Wait::No)?;
        Some(Swept {
            owner: describe(&path, &swept.contents, State::Left),
            errors: swept.errors,
        })
    });
    let swept = swept.collect();
    super::sweep();
    swept
}
