//! [`ServiceDirectory`]: a server's data, log and socket, in one directory that goes with it.

use std::fs;
use std::io::{self, Write};
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::thread;

use super::error::{Context, Result};
use super::user::User;
use crate::resource::{Registration, Resource};

/// The longest path of a socket's directory, so that its file fits everywhere: the shortest limit
/// is macOS's 103 bytes, and `/.s.PGSQL.65535` is long for a name.
#[cfg(unix)]
const LONGEST: usize = 85;

/// A directory for one server: short enough for sockets, in memory where there is room.
///
/// Nobody else can enter it. It is removed on drop, and if this process dies before; unless
/// [`kept`](Self::keep).
#[derive(Debug)]
pub(crate) struct ServiceDirectory {
    path: PathBuf,
    user: Option<User>,
    registration: Option<Registration>,
}

impl ServiceDirectory {
    /// For a service of that name which needs `room` bytes at most, and runs as `user`.
    pub(crate) fn create(service: &str, room: u64, user: Option<User>) -> Result<Self> {
        let base = base(room);
        // The name is nobody's guess: other users can write to the base.
        for _ in 0..16 {
            let path = base.join(format!("itest-{service}-{:08x}", random() as u32));
            match create_private(&path) {
                Ok(()) => {
                    let registration = Resource::directory(&path).register_for_process();
                    let directory = ServiceDirectory {
                        path,
                        user,
                        registration: Some(registration),
                    };
                    directory.hand_over(&directory.path)?;
                    return Ok(directory);
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => {
                    return Err(error)
                        .context(|| format!("cannot create `{}` for {service}", path.display()));
                }
            }
        }
        Err(io::Error::from(io::ErrorKind::AlreadyExists)).context(|| {
            format!(
                "cannot find a free name in `{}` for {service}",
                base.display()
            )
        })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// As whom the server runs, if not as this process.
    pub(crate) fn user(&self) -> Option<User> {
        self.user
    }

    /// Makes a path in it belong to the server's user.
    pub(crate) fn hand_over(&self, path: &Path) -> Result<()> {
        match self.user {
            Some(user) => user
                .owns(path)
                .context(|| format!("cannot give `{}` to the server's user", path.display())),
            None => Ok(()),
        }
    }

    /// Leaves it there on drop.
    pub(crate) fn keep(&mut self) {
        if let Some(registration) = self.registration.take() {
            registration.release();
        }
    }
}

impl Drop for ServiceDirectory {
    fn drop(&mut self) {
        if let Some(registration) = self.registration.take() {
            let _ = registration.clean();
        }
    }
}

/// Copies a directory with all that is in it; all copies belong to the user.
///
/// The system copies without moving the bytes through this process, or shares them, where it can.
pub(crate) fn copy(from: &Path, to: &Path, user: Option<User>) -> io::Result<()> {
    copy_but(from, to, user, None)
}

/// The same without one path in it.
pub(crate) fn copy_but(
    from: &Path,
    to: &Path,
    user: Option<User>,
    but: Option<&Path>,
) -> io::Result<()> {
    create_private(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        if but.is_some_and(|but| *but == entry.path()) {
            continue;
        }
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_but(&entry.path(), &target, user, but)?;
        } else {
            fs::copy(entry.path(), &target)?;
            if let Some(user) = user {
                user.owns(&target)?;
            }
        }
    }
    match user {
        Some(user) => user.owns(to),
        None => Ok(()),
    }
}

/// Memory if the system has a file system there with room to spare, else the temporary directory.
///
/// `ITEST_SERVICE_DIR` names another place.
fn base(room: u64) -> PathBuf {
    if let Some(place) = std::env::var_os("ITEST_SERVICE_DIR").filter(|place| !place.is_empty()) {
        return PathBuf::from(place);
    }
    let memory = Path::new("/dev/shm");
    // What is in memory must leave most of it to others.
    if cfg!(target_os = "linux") && free(memory).is_some_and(|free| free / 4 >= room) {
        return memory.to_owned();
    }
    let temporary = std::env::temp_dir();
    #[cfg(unix)]
    if temporary.as_os_str().len() + "/itest-service-01234567".len() > LONGEST {
        return PathBuf::from("/tmp");
    }
    temporary
}

/// Where things are kept from one run to the next, for this user.
///
/// # Errors
/// When it cannot be made, or is not ours alone.
pub(crate) fn cache() -> Result<PathBuf> {
    let variable = |name| std::env::var_os(name).filter(|value| !value.is_empty());
    let base = match (variable("ITEST_CACHE_DIR"), variable("XDG_CACHE_HOME")) {
        (Some(path), _) => PathBuf::from(path),
        (None, Some(path)) => PathBuf::from(path).join("itest"),
        (None, None) => match variable("HOME") {
            Some(home) if cfg!(target_os = "macos") => {
                PathBuf::from(home).join("Library/Caches/itest")
            }
            Some(home) => PathBuf::from(home).join(".cache/itest"),
            None => std::env::temp_dir().join("itest-cache"),
        },
    };
    let made =
        base.parent()
            .map_or(Ok(()), fs::create_dir_all)
            .and_then(|()| match create_private(&base) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
                other => other,
            });
    made.context(|| {
        format!(
            "cannot create the cache `{}` (ITEST_CACHE_DIR names another place)",
            base.display()
        )
    })?;
    Ok(base)
}

#[cfg(unix)]
pub(crate) fn create_private(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new().mode(0o700).create(path)
}

#[cfg(not(unix))]
pub(crate) fn create_private(path: &Path) -> io::Result<()> {
    fs::create_dir(path)
}

/// Writes a file that is not there yet, and that nobody but the user may read.
pub(crate) fn write_new(path: &Path, bytes: &[u8], user: Option<User>) -> io::Result<()> {
    let mut options = fs::File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(bytes)?;
    match user {
        Some(user) => user.owns_file(&file),
        None => Ok(()),
    }
}

/// Removes all that is in a directory, by several threads: each file costs the system a while.
///
/// What cannot be removed is left for whoever removes the directory.
pub(crate) fn clear(directory: &Path) {
    let Ok(entries) = directory.read_dir() else {
        return;
    };
    let entries = Mutex::new(entries);
    let threads = thread::available_parallelism().map_or(1, NonZero::get);
    thread::scope(|scope| {
        for _ in 0..threads.min(8) {
            scope.spawn(|| {
                loop {
                    let mut entries = entries.lock().unwrap_or_else(PoisonError::into_inner);
                    let Some(Ok(entry)) = entries.next() else {
                        return;
                    };
                    drop(entries);
                    let _ = fs::remove_dir_all(entry.path());
                }
            });
        }
    });
}

/// Bytes that this user can still write there.
#[cfg(unix)]
#[expect(unsafe_code, reason = "std has no statvfs")]
pub(crate) fn free(path: &Path) -> Option<u64> {
    use std::os::unix::ffi::OsStrExt;
    let path = std::ffi::CString::new(path.as_os_str().as_bytes()).ok()?;
    // SAFETY: all zeros is a value of this struct of numbers, the path ends with NUL, and the
    // call writes no more than the struct.
    let stat = unsafe {
        let mut stat: libc::statvfs = std::mem::zeroed();
        (libc::statvfs(path.as_ptr(), &raw mut stat) == 0).then_some(stat)?
    };
    // The types differ between systems.
    #[allow(clippy::unnecessary_cast, reason = "32 bits wide on some systems")]
    Some((stat.f_bavail as u64).saturating_mul(stat.f_frsize as u64))
}

#[cfg(not(unix))]
pub(crate) fn free(_: &Path) -> Option<u64> {
    None
}

/// A number that no other process has; from the keys that std seeds its hash maps with.
pub(crate) fn random() -> u64 {
    use std::hash::{BuildHasher, Hasher};
    let mut hasher = std::collections::hash_map::RandomState::new().build_hasher();
    hasher.write_u32(std::process::id());
    hasher.finish()
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn it_is_private_and_goes() {
        use std::os::unix::fs::PermissionsExt;
        let directory = ServiceDirectory::create("sample", 1, None).unwrap();
        let path = directory.path().to_owned();
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
        assert!(path.as_os_str().len() <= LONGEST);
        fs::write(path.join("file"), "text").unwrap();
        let copied = path.join("copy");
        fs::create_dir(path.join("tree")).unwrap();
        fs::write(path.join("tree/leaf"), "leaf").unwrap();
        copy(&path.join("tree"), &copied, None).unwrap();
        assert_eq!(fs::read_to_string(copied.join("leaf")).unwrap(), "leaf");
        drop(directory);
        assert!(!path.exists());
    }
}
