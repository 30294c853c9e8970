//! [`Directory`]: where the processes of a run find each other.

use std::fs::{self, DirBuilder, File, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

use super::runner::Runner;

use crate::listing::listing;

/// The directory of one run, readable by its owner only.
///
/// It has a `lock`, the `runner` whose end is the run's, the socket `owner.sock` of a dispatcher that wants to know what happens, and of
/// each host `N` its socket `N.sock`, the list of its fixtures `N.offers`, its output `N.log`, what
/// its fixtures do in `N.doing`, and its life `N.life`, a lock that it holds.
#[derive(Debug, Clone)]
pub(super) struct Directory {
    pub(super) path: PathBuf,
}

/// The ending of the file that tells what a host's fixtures do.
pub(super) const DOING: &str = "doing";

/// The file that tells whose end is the end of the run.
const RUNNER: &str = "runner";

/// Longest path of a socket that every system takes.
const SOCKET_PATH_LIMIT: usize = 100;

impl Directory {
    /// Opens the directory of that run, made if need be.
    pub(super) fn of_run(run: &str) -> io::Result<Self> {
        let path = base()?.join(run);
        make_private(&path)?;
        Ok(Directory { path })
    }

    /// Makes the directory of a run of this process's own.
    pub(super) fn of_owned(run: &str) -> io::Result<Self> {
        // What is there is of a process that had the number of this one before.
        let _ = fs::remove_dir_all(base()?.join(run));
        Directory::of_run(run)
    }

    pub(super) fn at(path: PathBuf) -> Self {
        Directory { path }
    }

    pub(super) fn file(&self, host: usize, kind: &str) -> PathBuf {
        self.path.join(format!("{host}.{kind}"))
    }

    /// Waits for the run's lock.
    pub(super) fn lock(&self) -> io::Result<File> {
        let file = open_lock(&self.path.join("lock"))?;
        file.lock()?;
        Ok(file)
    }

    /// Where the owner of the run listens, if it wants to know what happens.
    pub(super) fn owner(&self) -> PathBuf {
        self.path.join("owner.sock")
    }

    /// Notes whose end is the end of the run; before the first host starts.
    pub(super) fn note_runner(&self, runner: Runner) -> io::Result<()> {
        let Runner { pid, started } = runner;
        fs::write(self.path.join(RUNNER), format!("{pid} {started}"))
    }

    /// Whose end is the end of the run, if a host was started.
    fn runner(&self) -> Option<Runner> {
        let text = fs::read_to_string(self.path.join(RUNNER)).ok()?;
        let (pid, started) = text.split_once(' ')?;
        Some(Runner {
            pid: pid.parse().ok()?,
            started: started.parse().ok()?,
        })
    }

    /// How many hosts there have been.
    pub(super) fn hosts(&self) -> usize {
        (0..)
            .find(|host| !self.file(*host, "offers").exists())
            .unwrap_or(0)
    }

    /// Removes a host's files, and the directory with the last one's.
    pub(super) fn remove_host(&self, host: usize) {
        // The list stays, so that numbers are not used twice while others remain.
        let _ = fs::remove_file(self.file(host, "sock"));
        let _ = fs::remove_file(self.file(host, "life"));
        let left = listing(&self.path);
        if !left
            .iter()
            .any(|path| path.extension().is_some_and(|e| e == "life"))
        {
            let _ = fs::remove_dir_all(&self.path);
        }
    }
}

/// Takes the lock that tells that a host lives; it is free again when the process is gone.
pub(super) fn live(path: &Path) -> io::Result<File> {
    let file = open_lock(path)?;
    file.lock()?;
    Ok(file)
}

/// Removes what hosts left behind that died without being able to.
pub(super) fn sweep() {
    let Ok(base) = base() else { return };
    for run in listing(&base) {
        let name = run.file_name().and_then(|name| name.to_str());
        let owner = name.and_then(super::run::owner);
        let run = Directory::at(run);
        let runner = owner.or_else(|| run.runner());
        let is_young = run.hosts() == 0 && runner.is_none();
        if is_young || runner.is_some_and(Runner::is_there) {
            continue;
        }
        let Ok(lock) = open_lock(&run.path.join("lock")) else {
            continue;
        };
        // Whoever starts a host holds the lock meanwhile.
        if lock.try_lock().is_err() {
            continue;
        }
        let lives = (0..run.hosts()).any(|host| is_locked(&run.file(host, "life")));
        if !lives {
            let _ = fs::remove_dir_all(&run.path);
        }
    }
}

fn is_locked(path: &Path) -> bool {
    match File::open(path) {
        Ok(file) => matches!(file.try_lock(), Err(TryLockError::WouldBlock)),
        Err(_) => false,
    }
}

fn open_lock(path: &Path) -> io::Result<File> {
    File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(path)
}

/// Where the runs of this user have their directories.
fn base() -> io::Result<PathBuf> {
    let user = user();
    let name = format!("itest-{user}");
    let preferred = std::env::temp_dir().join(&name);
    // A nextest run's identity is a UUID with a prefix.
    let longest = preferred.as_os_str().len() + "/nextest-".len() + 36 + "/999.sock".len();
    let base = if longest <= SOCKET_PATH_LIMIT {
        preferred
    } else {
        Path::new("/tmp").join(name)
    };
    make_private(&base)?;
    Ok(base)
}

/// Makes a directory that is ours and nobody else's to enter.
fn make_private(path: &Path) -> io::Result<()> {
    match DirBuilder::new().mode(0o700).create(path) {
        Ok(()) => return Ok(()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        Err(error) => return Err(error),
    }
    let meta = fs::symlink_metadata(path)?;
    if meta.is_dir() && meta.uid() == user() && meta.mode() & 0o077 == 0 {
        return Ok(());
    }
    Err(io::Error::new(
        io::ErrorKind::PermissionDenied,
        format!(
            "`{}` must be a directory of yours that nobody else can enter: remove it",
            path.display()
        ),
    ))
}

#[expect(unsafe_code, reason = "std has no geteuid")]
pub(super) fn user() -> u32 {
    // SAFETY: a plain system call that cannot fail.
    unsafe { libc::geteuid() }
}
