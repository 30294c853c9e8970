//! [`Journal`]: the file with what its owner has registered and not cleaned.
//!
//! One line for each step, appended in one write before the step counts. The owner holds the file's
//! lock while it lives: whoever gets the lock may clean, and removes the file. A line that was cut
//! off, or is none of ours, is as if it were not there.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::Value;

use super::process::Identity;
use super::reaper::Reaper;
use super::record::{Record, Text};
use crate::json::{self, Fields, FromJson, Object, Problem, ToJson};
use crate::listing::listing;

/// A line.
#[derive(Debug, Clone, PartialEq)]
enum Step {
    Owner(Header),
    Add {
        id: u64,
        record: Record,
        user: String,
    },
    Done {
        id: u64,
    },
    /// Its owner has a part in the directory of the run that ends with this process.
    Runs(Identity),
    /// Its owner is a session host.
    Hosts(Hosting),
}

/// Of what run a process is a session host.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Hosting {
    /// Whose end is the end of the run.
    pub(super) runner: Identity,
    /// The file with the fixtures that it offers.
    pub(super) offers: Text,
}

/// Whose journal it is.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Header {
    pub(super) owner: Identity,
    pub(super) program: Text,
    /// Seconds since 1970.
    pub(super) since: u64,
    /// In which numbers of processes, and their start times, mean something.
    pub(super) world: String,
}

/// What a journal says is to be cleaned.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Contents {
    pub(super) header: Option<Header>,
    /// In the order of registration.
    pub(super) entries: Vec<Listed>,
    /// Whose end is the end of the run in whose directory it has a part.
    pub(super) runner: Option<Identity>,
    pub(super) hosting: Option<Hosting>,
}

/// A registered resource that was not cleaned.
#[derive(Debug, PartialEq)]
pub(super) struct Listed {
    pub(super) id: u64,
    pub(super) record: Record,
    /// Who registered it.
    pub(super) user: String,
}

/// The journal of this process.
#[derive(Debug)]
pub(super) struct Journal {
    /// Locked.
    file: File,
    path: PathBuf,
    /// Length with nothing but the header.
    empty: u64,
    /// What this process has to do with a run.
    part: Option<Step>,
    /// Cleans in our place when it ends with us.
    _reaper: Reaper,
}

impl ToJson for Step {
    fn to_json(&self, out: &mut String) {
        let mut object = Object::begin(out);
        match self {
            Step::Owner(header) => object
                .field("step", &"owner")
                .field("owner", &header.owner)
                .field("program", &header.program)
                .field("since", &header.since)
                .field("world", &header.world),
            Step::Add { id, record, user } => object
                .field("step", &"add")
                .field("id", id)
                .field("record", record)
                .field("user", user),
            Step::Done { id } => object.field("step", &"done").field("id", id),
            Step::Runs(runner) => object.field("step", &"runs").field("runner", runner),
            Step::Hosts(hosting) => object
                .field("step", &"hosts")
                .field("runner", &hosting.runner)
                .field("offers", &hosting.offers),
        };
        object.end();
    }
}

impl FromJson for Step {
    fn from_json(value: Value) -> Result<Self, Problem> {
        let mut fields = Fields::of(value)?;
        let step: String = fields.take("step")?;
        Ok(match &*step {
            "owner" => Step::Owner(Header {
                owner: fields.take("owner")?,
                program: fields.take("program")?,
                since: fields.take("since")?,
                world: fields.take("world")?,
            }),
            "add" => Step::Add {
                id: fields.take("id")?,
                record: fields.take("record")?,
                user: fields.take("user")?,
            },
            "done" => Step::Done {
                id: fields.take("id")?,
            },
            "runs" => Step::Runs(fields.take("runner")?),
            "hosts" => Step::Hosts(Hosting {
                runner: fields.take("runner")?,
                offers: fields.take("offers")?,
            }),
            _ => return Err(Problem::unknown("step", &step)),
        })
    }
}

impl Journal {
    /// Makes one, and starts its reaper.
    pub(super) fn create(owner: Identity) -> io::Result<Self> {
        let (mut file, path) = make(&directory()?, owner)?;
        let reaper = Reaper::start(&path).inspect_err(|_| drop(fs::remove_file(&path)))?;
        append_header(&mut file, owner)?;
        Ok(Journal {
            empty: file.metadata()?.len(),
            part: None,
            file,
            path,
            _reaper: reaper,
        })
    }

    /// Notes that this process has a part in the directory of a run; once is enough.
    pub(super) fn runs(&mut self, runner: Identity) -> io::Result<()> {
        match self.part {
            Some(_) => Ok(()),
            None => self.take_part(Step::Runs(runner)),
        }
    }

    /// Notes that this process is a session host.
    pub(super) fn hosts(&mut self, hosting: Hosting) -> io::Result<()> {
        self.take_part(Step::Hosts(hosting))
    }

    fn take_part(&mut self, step: Step) -> io::Result<()> {
        write(&mut self.file, self.part.insert(step))
    }

    pub(super) fn add(&mut self, id: u64, record: &Record, user: &str) -> io::Result<()> {
        append(&mut self.file, id, record, user)
    }

    /// Notes that it was cleaned, and whether it was the last one.
    pub(super) fn done(&mut self, id: u64, is_last: bool) {
        match is_last {
            true => {
                let _ = self.file.set_len(self.empty);
                if let Some(part) = &self.part {
                    let _ = write(&mut self.file, part);
                }
            }
            // If it cannot be noted it is cleaned once more, by someone who finds nothing there.
            false => drop(append_done(&mut self.file, id)),
        }
    }

    /// For an owner that has nothing left.
    pub(super) fn remove(self) {
        let _ = fs::remove_file(&self.path);
    }
}

/// Makes the file and locks it.
fn make(directory: &Path, owner: Identity) -> io::Result<(File, PathBuf)> {
    use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
    let mut number = 0;
    loop {
        // The number tells processes apart that several systems have in a directory they share.
        let path = directory.join(format!("{owner}-{number}"));
        let file = File::options()
            .append(true)
            .create_new(true)
            .mode(0o600)
            .open(&path);
        let file = match file {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                number += 1;
                continue;
            }
            Err(error) => return Err(error),
        };
        file.lock()?;
        // Between the two, a sweep may have found it free and empty.
        if file.metadata()?.nlink() > 0 {
            return Ok((file, path));
        }
    }
}

/// Writes a line.
fn write(to: &mut impl Write, step: &Step) -> io::Result<()> {
    let mut line = json::write(step);
    line.push('\n');
    to.write_all(line.as_bytes())
}

/// Writes whose journal it is.
pub(super) fn append_header(to: &mut impl Write, owner: Identity) -> io::Result<()> {
    let header = Header {
        owner,
        program: std::env::current_exe().unwrap_or_default().as_path().into(),
        since: SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |since| since.as_secs()),
        world: world(),
    };
    write(to, &Step::Owner(header))
}

/// Writes what is to be cleaned, and who has registered it.
pub(super) fn append(to: &mut impl Write, id: u64, record: &Record, user: &str) -> io::Result<()> {
    let (record, user) = (record.clone(), user.to_owned());
    write(to, &Step::Add { id, record, user })
}

/// Writes that it was cleaned.
pub(super) fn append_done(to: &mut impl Write, id: u64) -> io::Result<()> {
    write(to, &Step::Done { id })
}

/// Reads what is there, whatever it is.
pub(super) fn parse(bytes: &[u8]) -> Contents {
    let mut contents = Contents::default();
    // Behind the last end of a line is what was cut off, or nothing.
    let Some(end) = bytes.iter().rposition(|byte| *byte == b'\n') else {
        return contents;
    };
    for line in bytes[..end].split(|byte| *byte == b'\n') {
        match json::read(line) {
            Ok(Step::Owner(header)) => contents.header = Some(header),
            Ok(Step::Add { id, record, user }) => {
                contents.entries.push(Listed { id, record, user })
            }
            Ok(Step::Runs(runner)) => contents.runner = Some(runner),
            Ok(Step::Hosts(hosting)) => {
                contents.runner = Some(hosting.runner);
                contents.hosting = Some(hosting);
            }
            Ok(Step::Done { id }) => contents.entries.retain(|entry| entry.id != id),
            Err(_) => {}
        }
    }
    contents
}

/// Where the journals of this user are.
fn directory() -> io::Result<PathBuf> {
    crate::session::shared_directory("journals")
}

/// The journals of this user.
pub(super) fn all() -> Vec<PathBuf> {
    directory().map_or_else(|_| Vec::new(), |directory| listing(&directory))
}

/// The system as it was started, and its numbers of processes: in another one they mean others.
pub(super) fn world() -> String {
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    let numbers = fs::read_link("/proc/self/ns/pid").unwrap_or_default();
    format!("{} {}", boot.trim(), numbers.display())
}
