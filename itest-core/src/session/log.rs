//! [`Log`]: what a host and its fixtures print, and which of it is whose.
//!
//! All of it goes to one file. What a fixture's setup or teardown printed is what came to the file
//! from its start to its end, which is exact while no other one is under way. Where others are,
//! what they printed at that time is in it too, and it says so.

use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The output of this process.
pub(super) struct Log {
    /// `None` where it goes to somebody's terminal.
    path: Option<PathBuf>,
    open: Mutex<Vec<Window>>,
}

/// A setup or teardown under way.
struct Window {
    /// Tells it from others, also of the same fixture.
    key: usize,
    fixture: String,
    start: u64,
    /// Those that were under way at some time of it.
    others: Vec<String>,
}

impl Log {
    /// Of a process whose stdout and stderr are that file, if it is there.
    pub(super) fn new(path: PathBuf) -> Self {
        Log {
            path: path.exists().then_some(path),
            open: Mutex::default(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Window>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn length(&self) -> u64 {
        let _ = io::stdout().flush();
        crate::run::flush_c();
        let meta = self.path.as_ref().map(fs::metadata);
        meta.and_then(Result::ok).map_or(0, |meta| meta.len())
    }

    /// A setup or teardown of that fixture starts.
    pub(super) fn start(&self, key: usize, fixture: &str) {
        let mut open = self.lock();
        let others = open.iter_mut().map(|other| {
            add(&mut other.others, fixture);
            other.fixture.clone()
        });
        let window = Window {
            key,
            fixture: fixture.to_owned(),
            others: others.collect(),
            start: self.length(),
        };
        open.push(window);
    }

    /// It has ended, or is given up: what it printed.
    pub(super) fn end(&self, key: usize) -> String {
        let mut open = self.lock();
        let Some(index) = open.iter().position(|window| window.key == key) else {
            return String::new();
        };
        let window = open.remove(index);
        let mut text = self.read(window.start, self.length());
        drop(open);
        if !window.others.is_empty() && !text.is_empty() {
            if !text.ends_with('\n') {
                text.push('\n');
            }
            let others = window.others.join("`, `");
            text.push_str(&format!(
                "(at the same time ran `{others}`: some of this may be theirs)\n"
            ));
        }
        text
    }

    fn read(&self, start: u64, end: u64) -> String {
        let Some(path) = &self.path else {
            return String::new();
        };
        let mut bytes = vec![0; usize::try_from(end.saturating_sub(start)).unwrap_or(0)];
        match File::open(path).and_then(|file| file.read_exact_at(&mut bytes, start)) {
            Ok(()) => String::from_utf8_lossy(&bytes).into_owned(),
            Err(error) => format!("(the output cannot be read: {error})\n"),
        }
    }
}

fn add(names: &mut Vec<String>, name: &str) {
    if !names.iter().any(|known| known == name) {
        names.push(name.to_owned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A log to which the test writes as the process would.
    fn log() -> (Log, File) {
        let name = format!(
            "itest-log-{}-{:?}",
            std::process::id(),
            std::thread::current().id()
        );
        let path = std::env::temp_dir().join(name);
        let file = File::create(&path).expect("a file should be made");
        (Log::new(path), file)
    }

    #[test]
    fn output_belongs_to_what_was_under_way() {
        let (log, mut file) = log();
        file.write_all(b"before\n").unwrap();
        log.start(0, "a");
        file.write_all(b"of a\n").unwrap();
        assert_eq!(log.end(0), "of a\n");
        file.write_all(b"between\n").unwrap();
        log.start(0, "a");
        log.start(1, "b");
        file.write_all(b"of one of them\n").unwrap();
        let shared = log.end(0);
        assert!(
            shared.starts_with("of one of them\n(at the same time ran `b`"),
            "{shared}"
        );
        file.write_all(b"of b").unwrap();
        assert_eq!(
            log.end(1),
            "of one of them\nof b\n(at the same time ran `a`: some of this may be theirs)\n"
        );
        assert_eq!(log.end(1), "", "it is not under way");
        fs::remove_file(log.path.unwrap()).unwrap();
    }
}
