//! [`Lines`]: the records of a run as lines of JSON, from which every report can be made again.
//!
//! Under nextest each test is a process of its own, and all add to one file. The first process of
//! a run empties it and says when the run started; the others count from there.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};
use std::path::Path;
use std::time::{Duration, SystemTime};

use super::file::make_parents;
use crate::event::{Event, Record};
use crate::json;

/// See the [module](self).
pub(super) struct Lines {
    file: File,
    /// Whole lines that are not in the file yet.
    pending: String,
    among: Among,
}

/// Who else writes to the file.
enum Among {
    /// Nobody.
    Alone,
    /// The file is locked until its first line is there.
    First,
    /// There is a first line.
    Others {
        /// When the run started.
        started: SystemTime,
        /// How much later this process did.
        later: Duration,
    },
}

/// So much is collected before it is written, unless somebody waits for it.
const ENOUGH: usize = 64 << 10;

impl Lines {
    pub(super) fn create(path: &Path) -> io::Result<Self> {
        make_parents(path)?;
        let (file, among) = match run_of_processes() {
            None => (File::create(path)?, Among::Alone),
            Some(run) => shared(path, &run)?,
        };
        Ok(Lines {
            file,
            pending: String::new(),
            among,
        })
    }

    pub(super) fn record(&mut self, record: &Record) -> io::Result<()> {
        match (&mut self.among, &record.event) {
            (Among::Alone, _) => self.push(record),
            (Among::First, Event::RunStarted(_)) => {
                let mut first = record.clone();
                if let Event::RunStarted(run) = &mut first.event {
                    run.shared = true;
                }
                self.push(&first);
                let written = self.flush();
                self.among = Among::others(SystemTime::now());
                return self.file.unlock().and(written);
            }
            (Among::Others { started, later }, Event::RunStarted(run)) => {
                *later = run.started.duration_since(*started).unwrap_or_default();
            }
            // The run goes on without this process.
            (_, Event::RunFinished { .. }) => return self.flush(),
            (Among::Others { later, .. }, _) => {
                let mut record = record.clone();
                record.at += *later;
                self.push(&record);
            }
            (Among::First, _) => panic!("itest bug: the first record is not the run's start"),
        }
        match self.pending.len() {
            ENOUGH.. => self.flush(),
            _ => Ok(()),
        }
    }

    fn push(&mut self, record: &Record) {
        self.pending.push_str(&json::write(record));
        self.pending.push('\n');
    }

    pub(super) fn flush(&mut self) -> io::Result<()> {
        let written = self.file.write_all(self.pending.as_bytes());
        self.pending.clear();
        written
    }
}

impl Among {
    fn others(started: SystemTime) -> Self {
        Among::Others {
            started,
            later: Duration::ZERO,
        }
    }
}

/// The run of which this process is one of many.
#[cfg(unix)]
pub(crate) fn run_of_processes() -> Option<String> {
    crate::session::Run::of_nextest().map(|run| run.id().to_owned())
}

/// The run of which this process is one of many.
#[cfg(not(unix))]
pub(crate) fn run_of_processes() -> Option<String> {
    None
}

/// Opens a file that all processes of the run add to.
fn shared(path: &Path, run: &str) -> io::Result<(File, Among)> {
    let file = File::options()
        .read(true)
        .append(true)
        .create(true)
        .open(path)?;
    file.lock()?;
    let mut first = String::new();
    // What is no line of ours is of an earlier run, too.
    let _ = BufReader::new(&file).read_line(&mut first);
    match json::read(first.as_bytes()).map(|record: Record| record.event) {
        Ok(Event::RunStarted(info)) if *info.run_id == *run => {
            file.unlock()?;
            Ok((file, Among::others(info.started)))
        }
        _ => {
            file.set_len(0)?;
            Ok((file, Among::First))
        }
    }
}
