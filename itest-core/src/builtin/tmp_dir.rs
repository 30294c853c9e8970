//! [`TmpDir`]: a fresh directory, kept where a test failed.

use std::fs::{self, File};
use std::io;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::{Once, OnceLock};

use super::Request;
use crate::fixture;
use crate::run::executor;
use crate::run::leaks;
use crate::scope::Scope;
use crate::sort;

/// The built-in fixture `tmp_dir`: a directory of the test's own.
///
/// It is removed after the test. If the test failed it is kept, and its output says where; the
/// directories of the last three runs that left any are kept.
///
/// ```
/// use itest::builtin::TmpDir;
/// use itest::prelude::*;
///
/// #[integration]
/// fn writes_a_report(tmp_dir: &TmpDir) -> std::io::Result<()> {
///     let file = tmp_dir.join("report.txt");
///     std::fs::write(&file, "done")?;
///     assert!(file.exists());
///     Ok(())
/// }
/// ```
///
/// A fixture of a wider scope makes one for itself:
///
/// ```
/// use itest::builtin::TmpDir;
/// use itest::prelude::*;
///
/// #[fixture(scope = "module")]
/// fn data_dir(request: &Request) -> std::io::Result<TmpDir> {
///     TmpDir::new(request)
/// }
/// ```
#[derive(Debug)]
pub struct TmpDir {
    path: PathBuf,
    scope: Scope,
    /// How many tests had failed before.
    failures: usize,
}

/// So many runs keep what failed.
const RUNS: usize = 3;

/// The name of the directory in which all of them are.
const BASE: &str = "tmp-dirs";

impl TmpDir {
    /// A directory for the scope of the test or fixture that asks.
    ///
    /// A fixture wider than a test keeps it if a test of its process failed meanwhile; one of a
    /// session does not know, and never keeps it.
    ///
    /// # Errors
    /// When no directory can be made.
    pub fn new(request: &Request) -> io::Result<Self> {
        let run = base()?.join(request.run_id());
        fs::create_dir_all(&run)?;
        hold(&run);
        let name = match (request.scope(), request.fixture_name()) {
            (Scope::Test, _) | (_, None) => request.test_name(),
            (_, Some(fixture)) => fixture,
        };
        Ok(TmpDir {
            path: make(&run, &plain(name))?,
            scope: request.scope(),
            failures: executor::failures(),
        })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn is_kept(&self) -> bool {
        match self.scope {
            Scope::Test => executor::test_failed(),
            _ => executor::failures() > self.failures,
        }
    }
}

impl Deref for TmpDir {
    type Target = Path;

    fn deref(&self) -> &Path {
        &self.path
    }
}

impl AsRef<Path> for TmpDir {
    fn as_ref(&self) -> &Path {
        &self.path
    }
}

impl Drop for TmpDir {
    fn drop(&mut self) {
        if self.is_kept() {
            println!("tmp_dir is kept: {}", self.path.display());
            return;
        }
        if let Err(error) = fs::remove_dir_all(&self.path)
            && error.kind() != io::ErrorKind::NotFound
        {
            println!(
                "tmp_dir `{}` cannot be removed: {error}",
                self.path.display()
            );
        }
        // The last one takes the run's directory with it; one that is not empty stays.
        if let Some(run) = self.path.parent() {
            let _ = fs::remove_dir(run);
        }
    }
}

/// The test's own directory.
#[fixture]
pub fn tmp_dir(request: &Request) -> io::Result<TmpDir> {
    TmpDir::new(request)
}

pub(super) fn link() {
    std::hint::black_box(tmp_dir().def());
}

/// The directory of all runs, without those that are too old.
fn base() -> io::Result<PathBuf> {
    static SWEPT: Once = Once::new();
    #[cfg(unix)]
    let base = crate::session::shared_directory(BASE)?;
    #[cfg(not(unix))]
    let base = std::env::temp_dir().join(format!("itest-{BASE}"));
    SWEPT.call_once(|| sweep(&base));
    Ok(base)
}

/// Removes what runs left before the last few.
fn sweep(base: &Path) {
    let Ok(lock) = File::create(base.join("lock")) else {
        return;
    };
    // Somebody else is at it.
    if lock.try_lock().is_err() {
        return;
    }
    let entries = fs::read_dir(base).into_iter().flatten().flatten();
    let mut runs: Vec<_> = entries
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
        .filter_map(|entry| Some((entry.metadata().ok()?.modified().ok()?, entry.path())))
        .collect();
    sort::ascending(&mut runs);
    let old = runs.len().saturating_sub(RUNS);
    for (_, run) in runs.into_iter().take(old) {
        // One that goes on has a process that holds it.
        if File::open(&run).is_ok_and(|held| held.try_lock().is_ok()) {
            let _ = fs::remove_dir_all(run);
        }
    }
}

/// Keeps the directory of a run from being swept while this process lives.
fn hold(run: &Path) {
    static HELD: OnceLock<Option<File>> = OnceLock::new();
    HELD.get_or_init(|| {
        let held = leaks::ours(|| File::open(run)).ok()?;
        held.lock_shared().ok()?;
        Some(held)
    });
}

/// Makes a directory that was not there.
fn make(run: &Path, name: &str) -> io::Result<PathBuf> {
    let mut number = 1;
    loop {
        let path = match number {
            1 => run.join(name),
            _ => run.join(format!("{name}.{number}")),
        };
        match fs::create_dir(&path) {
            Ok(()) => return Ok(path),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => number += 1,
            // The last directory of another test took the run's with it.
            Err(error) if error.kind() == io::ErrorKind::NotFound => fs::create_dir_all(run)?,
            Err(error) => return Err(error),
        }
    }
}

/// A name that every file system takes, short enough for a socket in the directory.
fn plain(name: &str) -> String {
    const LONGEST: usize = 32;
    let start = name.chars().count().saturating_sub(LONGEST);
    let tail = name.chars().skip(start);
    let plain: String = tail
        .map(|c| {
            if c.is_ascii_alphanumeric() || c == '_' {
                c
            } else {
                '-'
            }
        })
        .collect();
    match plain.trim_matches('-') {
        "" => "test".to_owned(),
        plain => plain.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_plain() {
        for (name, expected) in [
            ("api::creates_user", "api--creates_user"),
            ("a/b\\c:d", "a-b-c-d"),
            ("::", "test"),
            ("ünï", "n"),
            (&"long_".repeat(20), "g_long_long_long_long_long_long_"),
        ] {
            assert_eq!(plain(name), expected, "{name}");
        }
    }

    #[test]
    fn directories_are_fresh() {
        let run = std::env::temp_dir().join(format!("itest-tmp-dir-{}", std::process::id()));
        let first = make(&run, "t").unwrap();
        let second = make(&run, "t").unwrap();
        assert_ne!(first, second);
        assert!(first.is_dir() && second.is_dir());
        fs::remove_dir_all(run).unwrap();
    }
}
