//! Data directories that are kept from run to run: their locks, and the end of those that nobody uses.
//!
//! An entry is a directory, with a file beside it that is locked while it is used. When that was the
//! last time is the file's time; what has not been used for long is of a version, or a format of
//! ours, that is gone.

use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::time::{Duration, SystemTime};

/// What has not been used for so long is removed.
const UNUSED: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// The ending of an entry's lock.
const LOCK: &str = "lock";

/// The lock of an entry, which is used now.
pub(crate) fn lock_file(entry: &Path) -> io::Result<File> {
    let file = File::create(entry.with_extension(LOCK))?;
    // Where that does not work, the entry is made anew some time.
    let _ = file.set_modified(SystemTime::now());
    Ok(file)
}

/// Removes entries of that directory that have not been used for long. The files of their locks
/// stay: somebody may be about to take one.
pub(crate) fn sweep(directory: &Path) {
    for found in fs::read_dir(directory).into_iter().flatten().flatten() {
        let path = found.path();
        if path.extension().is_none_or(|ending| ending != LOCK) || !is_unused(&path) {
            continue;
        }
        if let Ok(lock) = File::open(&path)
            && lock.try_lock().is_ok()
        {
            for ending in ["", "partial"] {
                let _ = fs::remove_dir_all(path.with_extension(ending));
            }
        }
    }
}

fn is_unused(lock: &Path) -> bool {
    let used = lock.metadata().and_then(|meta| meta.modified());
    let since = used.ok().and_then(|used| used.elapsed().ok());
    since.is_some_and(|since| since > UNUSED)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_uses_is_removed() {
        let cache = std::env::temp_dir().join(format!("itest-cache-{}", std::process::id()));
        let entry = |name: &str, age: Duration| {
            let entry = cache.join(name);
            fs::create_dir_all(entry.join("base")).expect("it is made");
            let lock = lock_file(&entry).expect("it is made");
            let used = SystemTime::now() - age;
            lock.set_modified(used).expect("it is ours");
            (entry, lock)
        };
        let (old, _) = entry("13-0123456789abcdef", 2 * UNUSED);
        let (held, lock) = entry("14-0123456789abcdef", 2 * UNUSED);
        lock.lock_shared().expect("nobody else has it");
        let (used, _) = entry("15-0123456789abcdef", UNUSED / 2);
        let partial = old.with_extension("partial");
        let other = cache.join("of somebody else");
        fs::create_dir_all(&partial).expect("it is made");
        fs::create_dir_all(&other).expect("it is made");
        sweep(&cache);
        assert!(!old.exists() && !partial.exists());
        assert!(held.exists() && used.exists() && other.exists());
        lock_file(&held).expect("it is there");
        drop(lock);
        sweep(&cache);
        assert!(held.exists(), "it has been used meanwhile");
        fs::remove_dir_all(cache).expect("it was made");
    }
}
