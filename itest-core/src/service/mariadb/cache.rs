//! An initialised data directory, kept from run to run: copying it is much faster than making it.
//!
//! One for each version of the server. It is made under a lock, and has its name only when it is
//! complete; what a server does not start from is thrown away.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::builder::Programs;
use crate::service::cache;
use crate::service::directory::{self, ServiceDirectory};
use crate::service::error::{Context, Result};
use crate::service::process::run;
use crate::service::user::User;

/// Counted up when what is in it changes.
const FORMAT: &str = "1";

/// What initialising needs at most.
const ROOM: u64 = 200 << 20;

/// Makes `data` an initialised data directory of that user.
pub(super) fn copy_to(data: &Path, programs: &Programs, user: Option<User>) -> Result<()> {
    let entry = entry(programs)?;
    let failed = || format!("cannot use the cached data directory `{}`", entry.display());
    let base = entry.parent().unwrap_or(&entry);
    fs::create_dir_all(base).context(failed)?;
    let lock = cache::lock_file(&entry).context(failed)?;
    // Held while it is read, too: nobody throws it away meanwhile.
    lock.lock().context(failed)?;
    if !entry.exists() {
        make(&entry, programs, user)?;
    }
    directory::copy(&entry, data, user).context(failed)
}

/// Throws it away, after a server did not start from a copy.
pub(super) fn discard(programs: &Programs) {
    let Ok(entry) = entry(programs) else { return };
    // If this fails, the next run tells the same again.
    if let Ok(lock) = cache::lock_file(&entry)
        && lock.lock().is_ok()
    {
        let _ = fs::remove_dir_all(&entry);
    }
}

fn entry(programs: &Programs) -> Result<PathBuf> {
    let printed = run(Command::new(&programs.server).arg("--version"))
        .context(|| "cannot ask MariaDB for its version".to_owned())?;
    // `mariadbd  Ver 10.11.6-MariaDB-0+deb12u1 for debian-linux-gnu on x86_64 (Debian 12)`
    let name: String = printed
        .split_once("Ver ")
        .map_or(&*printed, |(_, version)| version)
        .chars()
        .take(60)
        .map(|c| {
            if c.is_ascii_alphanumeric() || c == '.' {
                c
            } else {
                '-'
            }
        })
        .collect();
    let name = format!("{}-{FORMAT}", name.trim_matches('-').replace('.', "_"));
    Ok(directory::cache()?.join("mariadb").join(name))
}

/// Called under the entry's lock.
fn make(entry: &Path, programs: &Programs, user: Option<User>) -> Result<()> {
    let place = ServiceDirectory::create("maria", ROOM, user)?;
    let data = place.path().join("data");
    let mut install = Command::new(&programs.install);
    install
        .arg("--no-defaults")
        .arg(format!("--datadir={}", data.display()))
        .args(["--auth-root-authentication-method=normal", "--skip-test-db"])
        .arg(super::builder::LOG_SIZE)
        .current_dir(place.path());
    if let Some(user) = user {
        user.runs(&mut install);
    }
    run(&mut install).context(|| "cannot initialise a data directory of MariaDB".to_owned())?;
    let failed = || {
        format!(
            "cannot write the cached data directory `{}`",
            entry.display()
        )
    };
    let partial = entry.with_extension("partial");
    if partial.exists() {
        fs::remove_dir_all(&partial).context(failed)?;
    }
    directory::copy(&data, &partial, None).context(failed)?;
    fs::rename(&partial, entry).context(failed)?;
    entry.parent().map(cache::sweep);
    Ok(())
}
