//! [`History`]: how long tests took in earlier runs, and how they ended.
//!
//! One file per binary in a directory that outlives builds (`place`), one line per test that is
//! worth one (`format`): tests that always pass in next to no time cost nothing. A dispatcher
//! merges what it saw at the end of its run; one that saw little, as each process of nextest,
//! appends lines to a journal beside the file, which the next reader takes in. Nothing depends on
//! it: without history, or with a broken one, tests run all the same.

mod format;
mod place;

use std::cell::{Cell, OnceCell};
use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use format::{Entry, Outcomes};
pub(crate) use format::{Past, QUICK};

use crate::event::TestName;
use crate::outcome::Outcome;

/// What is known of the tests of some binaries.
#[derive(Debug, Default)]
pub(crate) struct History {
    /// `None` where nothing is recorded.
    directory: Option<PathBuf>,
    binaries: Vec<Binary>,
    /// What went wrong first; the run goes on.
    warning: Option<String>,
}

/// One test's end, to be recorded.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ran {
    pub(crate) past: Past,
    /// `None` keeps the one that is known.
    pub(crate) duration: Option<Duration>,
}

/// What is known of one binary's tests.
#[derive(Debug, Default)]
struct Binary {
    name: String,
    entries: Vec<Entry>,
    /// How many it had when all ran: then those without entry are quick ones.
    count: Option<usize>,
    /// From names to `entries`, made when the order of the questions is not that of the entries.
    index: OnceCell<HashMap<TestName, usize>>,
    /// The entry that is probably asked for next.
    next: Cell<usize>,
    /// Of every entry's name, the bit that its [`mark`] stands for.
    marks: OnceCell<[bool; MARKS]>,
    /// What this run adds.
    ran: Vec<(TestName, Ran)>,
    /// All tests that it has, where that is known.
    tests: Option<Vec<TestName>>,
}

/// How many different names most tests can be told from.
const MARKS: usize = 1024;

/// So many lines make a run rewrite the file; fewer are appended to the journal.
const MANY: usize = 16;

/// A journal of this size is merged into the file.
const LONG_JOURNAL: u64 = 1 << 17;

/// A larger file is not ours.
const LARGEST: u64 = 1 << 28;

impl Ran {
    /// Of a test with that end, or `None` if that says nothing about the next time.
    pub(crate) fn new(outcome: &Outcome, attempts: u32, duration: Duration) -> Self {
        let past = match outcome {
            Outcome::Passed if attempts > 1 => Past::Flaky,
            Outcome::Passed => Past::Passed,
            Outcome::Failed { .. } => Past::Failed,
            Outcome::Error { .. } => Past::Error,
            Outcome::Skipped { .. } => Past::Skipped,
            Outcome::Xfailed { .. } => Past::Xfailed,
            Outcome::Xpassed { .. } => Past::Xpassed,
        };
        // A skip or a failed fixture says nothing about the test's own time.
        let timed = !matches!(past, Past::Skipped | Past::Error);
        Ran {
            past,
            duration: timed.then_some(duration),
        }
    }
}

impl History {
    /// Reads what is known of those binaries, this process's own among them.
    pub(crate) fn load<'a>(binaries: impl IntoIterator<Item = &'a str>) -> Self {
        History::load_beside(&std::env::current_exe().unwrap_or_default(), binaries)
    }

    /// The same where `exe` is the file of one of them.
    pub(crate) fn load_beside<'a>(exe: &Path, binaries: impl IntoIterator<Item = &'a str>) -> Self {
        let directory = place::directory(exe, &|name| std::env::var_os(name));
        History::load_from(directory, binaries)
    }

    fn load_from<'a>(
        directory: Option<PathBuf>,
        binaries: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        let mut history = History {
            directory,
            ..History::default()
        };
        for name in binaries {
            let binary = match &history.directory {
                Some(directory) => {
                    let (binary, warning) = Binary::read(directory, name);
                    history.warn(warning);
                    binary
                }
                None => Binary::new(name),
            };
            history.binaries.push(binary);
        }
        history
    }

    /// How long the test took, setup and teardown of its own fixtures included.
    pub(crate) fn duration(&self, binary: &str, test: &str) -> Option<Duration> {
        let binary = self.known(binary)?;
        match binary.entry(test) {
            Some(entry) => entry.duration,
            None => binary.count.map(|_| QUICK / 2),
        }
    }

    /// How the test ended the last time that it was not skipped.
    pub(crate) fn last(&self, binary: &str, test: &str) -> Option<Past> {
        let binary = self.known(binary)?;
        match binary.entry(test) {
            Some(entry) => entry.outcomes.last(),
            None => binary.count.map(|_| Past::Passed),
        }
    }

    /// The tests of a binary that have a record, and how each ended, the latest at the end.
    #[cfg(feature = "cli")]
    pub(crate) fn ends(&self, binary: &str) -> impl Iterator<Item = (TestName, Vec<Past>)> {
        let entries = self.known(binary).map(|binary| &binary.entries);
        let entries = entries.into_iter().flatten();
        entries.map(|entry| (entry.name.clone(), entry.outcomes.iter().collect()))
    }

    /// Remembers how a test ended, until [`save`](Self::save).
    pub(crate) fn record(&mut self, binary: &str, test: &TestName, ran: Ran) {
        if self.directory.is_none() {
            return;
        }
        let binary = self.binary(binary);
        if !ran.is_plain() || binary.known(test).is_some() {
            binary.ran.push((test.clone(), ran));
        }
    }

    /// Tells that these are the binary's tests, and that all of them ran.
    ///
    /// What is known of others is forgotten in time.
    pub(crate) fn complete(&mut self, binary: &str, tests: Vec<TestName>) {
        self.binary(binary).tests = Some(tests);
    }

    /// Whether any test of any binary failed the last time that it ran.
    pub(crate) fn any_failure(&self) -> bool {
        let files = self.directory.as_ref().map(fs::read_dir);
        let files = files.into_iter().flatten().flatten().flatten();
        let paths = files.map(|file| file.path());
        paths
            .filter(|path| {
                path.extension()
                    .is_some_and(|kind| kind == "history" || kind == "journal")
            })
            .any(|path| Binary::read_at(&path).0.has_failure())
    }

    fn known(&self, name: &str) -> Option<&Binary> {
        self.binaries.iter().find(|binary| binary.name == name)
    }

    fn binary(&mut self, name: &str) -> &mut Binary {
        let known = self.binaries.iter().position(|known| known.name == name);
        let index = known.unwrap_or_else(|| {
            self.binaries.push(Binary::new(name));
            self.binaries.len() - 1
        });
        &mut self.binaries[index]
    }

    /// Writes what was recorded, merged with what others have written meanwhile.
    pub(crate) fn save(&mut self) {
        let Some(directory) = self.directory.clone() else {
            return;
        };
        let mut found = None;
        for binary in &mut self.binaries {
            if !binary.has_news() {
                continue;
            }
            match binary.save(&directory) {
                Ok(None) => {}
                Ok(warning) => found = found.or(warning),
                Err(error) if is_read_only(&error) => {}
                Err(error) => {
                    found.get_or_insert(format!(
                        "warning: the history of test results cannot be written: {error}\n  \
                         --> {}",
                        directory.display()
                    ));
                }
            }
        }
        self.warn(found);
    }

    fn warn(&mut self, warning: Option<String>) {
        self.warning = self.warning.take().or(warning);
    }

    /// What there is to tell the user.
    pub(crate) fn warning(&self) -> Option<&str> {
        self.warning.as_deref()
    }
}

/// A number below [`MARKS`] that is cheaper than a hash.
fn mark(name: &str) -> usize {
    let last = name.as_bytes().last().copied().unwrap_or_default();
    (name.len() * 67 + usize::from(last)) % MARKS
}

impl Binary {
    fn new(name: &str) -> Self {
        Binary {
            name: name.to_owned(),
            ..Binary::default()
        }
    }

    /// What the file and the journal say, and what is wrong with them.
    fn read(directory: &Path, name: &str) -> (Binary, Option<String>) {
        let (binary, warning) = Binary::read_at(&place::file(directory, name, "history"));
        let name = name.to_owned();
        (Binary { name, ..binary }, warning)
    }

    /// The same by the path of one of the two.
    fn read_at(path: &Path) -> (Binary, Option<String>) {
        let (path, journal) = (
            path.with_extension("history"),
            path.with_extension("journal"),
        );
        let (mut binary, warning) = match read(&path) {
            Ok(None) => (Binary::default(), None),
            Ok(Some(text)) => match format::parse(&text) {
                Ok((entries, count)) => (
                    Binary {
                        entries,
                        count,
                        ..Binary::default()
                    },
                    None,
                ),
                Err(problem) => (Binary::default(), Some(problem)),
            },
            Err(error) => (Binary::default(), Some(error.to_string())),
        };
        let warning = warning.map(|problem| {
            format!(
                "warning: the history of test results cannot be read, it starts anew: {problem}\n  \
                 --> {}",
                path.display()
            )
        });
        // Whatever is in a journal that was cut off is only lost.
        if let Ok(Some(journal)) = read(&journal) {
            binary.merge(&format::parse_journal(&journal));
        }
        (binary, warning)
    }

    fn has_failure(&self) -> bool {
        let mut last = self
            .entries
            .iter()
            .filter_map(|entry| entry.outcomes.last());
        last.any(Past::is_failure)
    }

    fn has_news(&self) -> bool {
        !self.ran.is_empty() || self.new_count().is_some()
    }

    /// How many tests there are, if that is not known yet.
    fn new_count(&self) -> Option<usize> {
        let count = self.tests.as_ref()?.len();
        (self.count != Some(count)).then_some(count)
    }

    fn entry(&self, test: &str) -> Option<&Entry> {
        self.known(test).map(|index| &self.entries[index])
    }

    /// The place of the test's entry; for most tests of a quick suite there is none.
    fn known(&self, test: &str) -> Option<usize> {
        if self.entries.is_empty() {
            return None;
        }
        let marks = self.marks.get_or_init(|| {
            let mut marks = [false; MARKS];
            for entry in &self.entries {
                marks[mark(&entry.name)] = true;
            }
            marks
        });
        marks[mark(test)].then(|| self.position(test))?
    }

    /// Most questions come in the order in which the entries were written.
    fn position(&self, test: &str) -> Option<usize> {
        if self.entries.is_empty() {
            return None;
        }
        let expected = self.next.get();
        let index = match self.entries.get(expected) {
            Some(entry) if *entry.name == *test => expected,
            _ => *self.index().get(test)?,
        };
        self.next.set(index + 1);
        Some(index)
    }

    fn index(&self) -> &HashMap<TestName, usize> {
        self.index.get_or_init(|| {
            let names = self.entries.iter().map(|entry| entry.name.clone());
            names.zip(0..).collect()
        })
    }

    /// Takes in what happened later.
    fn merge(&mut self, ran: &[(TestName, Ran)]) {
        self.marks.take();
        for (name, ran) in ran {
            match self.position(name) {
                Some(index) => self.entries[index].add(*ran),
                None => {
                    let mut entry = Entry {
                        name: name.clone(),
                        duration: None,
                        outcomes: Outcomes::default(),
                    };
                    entry.add(*ran);
                    let index = self.entries.len();
                    self.entries.push(entry);
                    if let Some(known) = self.index.get_mut() {
                        known.insert(name.clone(), index);
                    }
                }
            }
        }
    }

    /// Forgets tests that are not there any more.
    fn forget_all_but(&mut self, tests: &[TestName]) {
        if self.entries.is_empty() {
            return;
        }
        let mut is_there = vec![false; self.entries.len()];
        for test in tests {
            if let Some(index) = self.known(test) {
                is_there[index] = true;
            }
        }
        let mut is_there = is_there.into_iter();
        self.entries.retain(|_| is_there.next() == Some(true));
        self.no_entry_stands_where_it_stood();
    }

    fn no_entry_stands_where_it_stood(&mut self) {
        self.marks.take();
        self.index.take();
        self.next.set(0);
    }

    fn save(&mut self, directory: &Path) -> io::Result<Option<String>> {
        fs::create_dir_all(directory)?;
        let name = &self.name;
        let ran = std::mem::take(&mut self.ran);
        let journal = place::file(directory, name, "journal");
        let few = ran.len() < MANY;
        if few && !ran.is_empty() {
            let mut file = File::options().create(true).append(true).open(&journal)?;
            // One write, so that lines of several processes do not mix.
            file.write_all(format::journal(&ran).as_bytes())?;
            if file.metadata()?.len() < LONG_JOURNAL && self.new_count().is_none() {
                return Ok(None);
            }
        }
        let _lock = lock(directory)?;
        // Others may have written since this was loaded.
        let (mut binary, warning) = Binary::read(directory, name);
        if !few {
            binary.merge(&ran);
        }
        binary.entries.retain(|entry| !entry.is_plain());
        binary.no_entry_stands_where_it_stood();
        if let Some(tests) = &self.tests {
            binary.count = Some(tests.len());
            binary.forget_all_but(tests);
        }
        let new = place::file(directory, name, "new");
        fs::write(&new, format::text(&binary.entries, binary.count))?;
        fs::rename(&new, place::file(directory, name, "history"))?;
        // A line that is appended just now is lost, which is no more than a missing hint.
        match fs::remove_file(&journal) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(warning),
        }
    }
}

/// The file's text, or `None` if there is no file.
fn read(path: &Path) -> io::Result<Option<String>> {
    let meta = match fs::metadata(path) {
        Ok(meta) => meta,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    if meta.len() > LARGEST {
        return Err(io::Error::other("it is too large"));
    }
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Keeps other writers out until it is dropped.
fn lock(directory: &Path) -> io::Result<File> {
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(directory.join("history.lock"))?;
    match file.lock() {
        // Then the last one who renames wins.
        Err(error) if error.kind() == io::ErrorKind::Unsupported => Ok(file),
        result => result.map(|()| file),
    }
}

fn is_read_only(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem
    )
}

#[cfg(test)]
mod tests;
