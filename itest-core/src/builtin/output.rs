//! [`Output`]: what a test has printed.

use std::fs::File;
use std::io;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::fixture;

/// The built-in fixture `output`: what the test has printed so far, its fixtures included, to
/// stdout and stderr, by whatever means: C libraries and processes that it started too.
///
/// It is there where itest captures the output, in worker processes. Elsewhere (`--no-capture`,
/// `--in-process`, nextest, libtest) tests that ask for it are skipped, with that reason;
/// `--require output` makes failures of them.
///
/// ```
/// use itest::builtin::Output;
/// use itest::prelude::*;
///
/// #[integration]
/// fn greets(output: &Output) -> std::io::Result<()> {
///     println!("hello");
///     assert!(output.text()?.contains("hello"));
///     Ok(())
/// }
/// ```
#[derive(Debug)]
pub struct Output {
    start: u64,
}

/// The file to which this process prints, in a worker.
static CAPTURE: OnceLock<File> = OnceLock::new();

/// How long the file was when the last test ended.
static LAST_END: AtomicU64 = AtomicU64::new(0);

impl Output {
    /// All of it. Bytes that are not UTF-8 are replaced.
    ///
    /// # Errors
    /// When the file with the output cannot be read.
    pub fn text(&self) -> io::Result<String> {
        match CAPTURE.get() {
            Some(file) => read(file, self.start),
            None => Ok(String::new()),
        }
    }

    /// Each line of it.
    ///
    /// # Errors
    /// As [`text`](Output::text).
    pub fn lines(&self) -> io::Result<Vec<String>> {
        Ok(self.text()?.lines().map(str::to_owned).collect())
    }
}

/// The file with the output of this process.
#[cfg(unix)]
pub(crate) fn is_captured_in(file: File) {
    let _ = CAPTURE.set(file);
}

/// A test has ended when the file was so long.
#[cfg(unix)]
pub(crate) fn test_ended(length: u64) {
    LAST_END.store(length, Ordering::Relaxed);
}

#[cfg(unix)]
fn read(file: &File, start: u64) -> io::Result<String> {
    use std::io::Write;
    use std::os::unix::fs::FileExt;

    io::stdout().flush()?;
    crate::run::flush_c();
    let length = file.metadata()?.len().saturating_sub(start);
    // Not by `seek`: whoever prints shares the position.
    let mut bytes = vec![0; usize::try_from(length).unwrap_or(usize::MAX)];
    file.read_exact_at(&mut bytes, start)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(not(unix))]
fn read(_file: &File, _start: u64) -> io::Result<String> {
    Err(io::ErrorKind::Unsupported.into())
}

/// The test's output.
#[fixture]
pub fn output() -> Output {
    if CAPTURE.get().is_none() {
        crate::skip!(
            "`output` is there only where itest captures: in worker processes, without \
             `--no-capture`"
        );
    }
    Output {
        start: LAST_END.load(Ordering::Relaxed),
    }
}

pub(super) fn link() {
    std::hint::black_box(output().def());
}
