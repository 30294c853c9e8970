//! Reports that go to files: [`Document`] at the end of a run, [`Events`] all along.
//!
//! What is wrong with a file is told on stderr, once, and is no matter of the tests: the run goes
//! on and its exit code speaks of the tests alone.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use super::events::Lines;
use super::{Out, Reporter, Wants};
use crate::event::{Event, Record};

/// A report that is written as a whole when the run has ended, so that nobody sees half of it.
pub(super) struct Document {
    what: &'static str,
    path: PathBuf,
    content: Content,
    /// `None` once the file has turned out not to be writable.
    reporter: Option<Box<dyn Reporter>>,
}

impl Document {
    /// Makes sure that the file can be written before the first test runs.
    pub(super) fn new(
        what: &'static str,
        path: &Path,
        new: &dyn Fn(Out) -> Box<dyn Reporter>,
    ) -> Self {
        let content = Content::default();
        let out = BufWriter::new(Box::new(content.clone()) as _);
        let mut document = Document {
            what,
            path: path.to_owned(),
            content,
            reporter: Some(new(out)),
        };
        let probed = probe(path);
        document.check(probed);
        document
    }

    fn check(&mut self, result: io::Result<()>) {
        if let Err(error) = result {
            complain(self.what, &self.path, &error);
            self.reporter = None;
        }
    }
}

impl Reporter for Document {
    fn record(&mut self, record: &Record) -> io::Result<()> {
        let Some(reporter) = &mut self.reporter else {
            return Ok(());
        };
        let mut result = reporter.record(record);
        if result.is_ok() && matches!(record.event, Event::RunFinished { .. }) {
            result = reporter
                .flush()
                .and_then(|()| replace(&self.path, &self.content.take()));
        }
        self.check(result);
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn wants(&self) -> Wants {
        let reporter = self.reporter.as_ref();
        reporter.map_or(Wants::NOTHING, |reporter| reporter.wants())
    }
}

/// The records as lines; what a crash leaves is complete up to it.
pub(super) struct Events {
    path: PathBuf,
    lines: Option<Lines>,
}

impl Events {
    pub(super) fn new(path: &Path) -> Self {
        let mut events = Events {
            path: path.to_owned(),
            lines: None,
        };
        match Lines::create(path) {
            Ok(lines) => events.lines = Some(lines),
            Err(error) => complain("event file", path, &error),
        }
        events
    }

    fn check(&mut self, result: io::Result<()>) {
        if let Err(error) = result {
            complain("event file", &self.path, &error);
            self.lines = None;
        }
    }
}

impl Reporter for Events {
    fn record(&mut self, record: &Record) -> io::Result<()> {
        if let Some(lines) = &mut self.lines {
            let result = lines.record(record);
            self.check(result);
        }
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        if let Some(lines) = &mut self.lines {
            let result = lines.flush();
            self.check(result);
        }
        Ok(())
    }

    fn wants(&self) -> Wants {
        Wants::ALL
    }
}

/// A report whose trouble is told once and is no matter of the tests.
pub(super) struct Forgiving<R> {
    what: &'static str,
    report: Option<R>,
}

impl<R: Reporter> Forgiving<R> {
    pub(super) fn new(what: &'static str, report: R) -> Self {
        Forgiving {
            what,
            report: Some(report),
        }
    }
}

impl<R: Reporter> Reporter for Forgiving<R> {
    fn record(&mut self, record: &Record) -> io::Result<()> {
        if let Some(report) = &mut self.report
            && let Err(error) = report.record(record)
        {
            crate::run::say(&format!("error: cannot write the {}: {error}", self.what));
            self.report = None;
        }
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn wants(&self) -> Wants {
        let report = self.report.as_ref();
        report.map_or(Wants::NOTHING, Reporter::wants)
    }
}

fn complain(what: &str, path: &Path, error: &io::Error) {
    let path = path.display();
    crate::run::say(&format!("error: cannot write the {what} `{path}`: {error}"));
}

/// What a document's reporter has written.
#[derive(Clone, Default)]
struct Content(Arc<Mutex<Vec<u8>>>);

impl Content {
    fn take(&self) -> Vec<u8> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Write for Content {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut content = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        content.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Makes the directories up to the file.
pub(super) fn make_parents(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => fs::create_dir_all(parent),
        _ => Ok(()),
    }
}

/// Fails if the file could not be written.
fn probe(path: &Path) -> io::Result<()> {
    make_parents(path)?;
    if path.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    if is_special(path) {
        return Ok(());
    }
    let beside = beside(path);
    File::create(&beside)?;
    fs::remove_file(beside)
}

/// Gives the file this content at once: readers see the old one or the new one.
fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    if is_special(path) {
        return File::options().write(true).open(path)?.write_all(content);
    }
    // What a link leads to is replaced, not the link.
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let beside = beside(&target);
    let written = fs::write(&beside, content).and_then(|()| fs::rename(&beside, &target));
    if written.is_err() {
        let _ = fs::remove_file(&beside);
    }
    written
}

/// A pipe, a terminal or another thing that is written to and not replaced.
fn is_special(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|meta| !meta.is_file() && !meta.is_dir())
}

/// A name in the same directory, so that the file can be moved from there.
fn beside(path: &Path) -> PathBuf {
    let mut name = OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(format!(".{}.tmp", std::process::id()));
    path.with_file_name(name)
}
