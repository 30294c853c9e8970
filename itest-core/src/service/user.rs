//! [`User`]: as whom a server runs.
//!
//! Many servers refuse to run as root. As root, theirs is the service's own user where there is
//! one, else `nobody`; as anybody else, it is that one.

use std::fs::File;
use std::io;
use std::path::Path;
use std::process::Command;

/// A user to run a server as, other than the one that this process runs as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct User {
    id: u32,
    group: u32,
}

/// What every Unix has for those who own nothing.
#[cfg(unix)]
const NOBODY: User = User {
    id: 65534,
    group: 65534,
};

impl User {
    /// The first of `names` that exists, if this process is root; `None` if it need not change.
    #[cfg(unix)]
    pub(crate) fn instead_of_root(names: &[&str]) -> Option<User> {
        if !crate::condition::is_root() {
            return None;
        }
        let known = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
        let find = |name: &&str| known.lines().find_map(|line| entry(line, name));
        Some(
            names
                .iter()
                .chain(&["nobody"])
                .find_map(find)
                .unwrap_or(NOBODY),
        )
    }

    /// Whose that is, if this process is root.
    #[cfg(unix)]
    pub(crate) fn of(path: &Path) -> io::Result<Option<User>> {
        use std::os::unix::fs::MetadataExt;
        let meta = path.metadata()?;
        let user = User {
            id: meta.uid(),
            group: meta.gid(),
        };
        Ok(crate::condition::is_root().then_some(user))
    }

    #[cfg(not(unix))]
    pub(crate) fn of(_: &Path) -> io::Result<Option<User>> {
        Ok(None)
    }

    /// There is no such change.
    #[cfg(not(unix))]
    pub(crate) fn instead_of_root(_: &[&str]) -> Option<User> {
        None
    }

    /// Makes a command run as that user, in a directory where anybody may be.
    #[cfg(unix)]
    pub(crate) fn runs(self, command: &mut Command) {
        use std::os::unix::process::CommandExt;
        // Setting the user clears the supplementary groups too.
        command.uid(self.id).gid(self.group);
    }

    #[cfg(not(unix))]
    pub(crate) fn runs(self, _: &mut Command) {}

    /// Makes a file or directory theirs.
    #[cfg(unix)]
    pub(crate) fn owns(self, path: &Path) -> io::Result<()> {
        std::os::unix::fs::lchown(path, Some(self.id), Some(self.group))
    }

    #[cfg(not(unix))]
    pub(crate) fn owns(self, _: &Path) -> io::Result<()> {
        Ok(())
    }

    /// Makes an open file theirs.
    #[cfg(unix)]
    pub(crate) fn owns_file(self, file: &File) -> io::Result<()> {
        std::os::unix::fs::fchown(file, Some(self.id), Some(self.group))
    }

    #[cfg(not(unix))]
    pub(crate) fn owns_file(self, _: &File) -> io::Result<()> {
        Ok(())
    }
}

/// The user of a line of `/etc/passwd`, if it has that name.
#[cfg(unix)]
fn entry(line: &str, name: &str) -> Option<User> {
    let mut fields = line.split(':');
    (fields.next()? == name).then_some(())?;
    let id = fields.nth(1)?.parse().ok()?;
    let group = fields.next()?.parse().ok()?;
    Some(User { id, group })
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn lines_of_users() {
        let line = "postgres:x:101:104:PostgreSQL administrator,,,:/var/lib/postgresql:/bin/bash";
        let user = User {
            id: 101,
            group: 104,
        };
        assert_eq!(entry(line, "postgres"), Some(user));
        assert_eq!(entry(line, "post"), None);
        assert_eq!(entry("postgres:x", "postgres"), None);
    }
}
