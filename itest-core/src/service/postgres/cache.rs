//! Initialised data directories, kept from run to run: copying one is much faster than `initdb`.
//!
//! One directory per server version and options. An entry is made under a lock in a place of its
//! own and moved to its name when it is complete; one that looks broken is made anew.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::digest::Naming;
use super::install::Installation;
use crate::service::cache;
use crate::service::directory::{self, ServiceDirectory};
use crate::service::error::{Context, Error, Result};
use crate::service::process::run;
use crate::service::user::User;

/// Counted up when what an entry has in it changes.
const FORMAT: &str = "4";

/// The superuser of our servers.
pub(super) const SUPERUSER: &str = "postgres";

/// Says that an entry is complete, and in a copy, of which state of the entry it is one.
const COMPLETE: &str = "itest-complete";

/// The number of the template that an entry has; a copy has its files only when they are needed.
const TEMPLATE: &str = "itest-template";

/// A place in the cache.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    directory: PathBuf,
    installation: Installation,
    options: Vec<String>,
}

impl Entry {
    /// For that server, initialised with those further options of `initdb`.
    pub(super) fn new(installation: &Installation, options: &[String]) -> Result<Self> {
        let mut digest = Naming::new();
        digest.update_framed(FORMAT.as_bytes());
        digest.update_framed(installation.version.as_bytes());
        digest.update_framed(installation.postgres.as_os_str().as_encoded_bytes());
        for option in options {
            digest.update_framed(option.as_bytes());
        }
        let name = format!("{}-{}", installation.major(), digest.name());
        Ok(Entry {
            directory: directory::cache()?.join("postgres").join(name),
            installation: installation.clone(),
            options: options.to_vec(),
        })
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        &self.directory
    }

    /// Makes `data` an initialised data directory of that user.
    pub(super) fn copy_to(&self, data: &Path, user: Option<User>) -> Result<()> {
        // Nobody replaces it while it is read; who makes it has it for itself.
        let mut lock = self.lock_file()?;
        self.wait_for(lock.lock_shared())?;
        while !self.is_complete() {
            drop(lock);
            self.make(user)?;
            lock = self.lock_file()?;
            self.wait_for(lock.lock_shared())?;
        }
        let template = template_of(&self.directory);
        directory::copy_but(&self.directory, data, user, template.as_deref()).context(|| {
            format!(
                "cannot copy the initialised data directory `{}` to `{}`",
                self.directory.display(),
                data.display()
            )
        })
    }

    /// Throws the entry away, for one that a server does not start from.
    pub(super) fn discard(&self) -> Result<()> {
        let _lock = self.lock()?;
        let _ = fs::remove_file(self.directory.join(COMPLETE));
        Ok(())
    }

    fn is_complete(&self) -> bool {
        // The last file that is read when a server starts, and the first.
        ["PG_VERSION", "global/pg_control", COMPLETE]
            .iter()
            .all(|file| {
                let meta = self.directory.join(file).metadata();
                meta.is_ok_and(|meta| meta.len() > 0)
            })
    }

    fn lock_file(&self) -> Result<File> {
        let made = self
            .directory
            .parent()
            .map_or(Ok(()), fs::create_dir_all)
            .and_then(|()| cache::lock_file(&self.directory));
        self.wait_for(made)
    }

    fn lock(&self) -> Result<File> {
        let file = self.lock_file()?;
        self.wait_for(file.lock())?;
        Ok(file)
    }

    fn wait_for<T>(&self, locked: io::Result<T>) -> Result<T> {
        locked.context(|| format!("cannot lock the cache `{}`", self.directory.display()))
    }

    /// Runs `initdb` where the server's user can, and moves the result here.
    fn make(&self, user: Option<User>) -> Result<()> {
        let _lock = self.lock()?;
        if self.is_complete() {
            return Ok(());
        }
        let place = ServiceDirectory::create("initdb", 256 << 20, user)?;
        let data = place.path().join("data");
        let mut command = Command::new(&self.installation.initdb);
        command
            .args(["--no-sync", "--auth=trust", "--encoding=UTF8"])
            .arg(format!("--username={SUPERUSER}"))
            .args(&self.options)
            .arg("-D")
            .arg(&data)
            .current_dir(place.path())
            // What the terminal speaks is not the databases' affair.
            .env_remove("PGDATA")
            .env("LC_ALL", "C")
            .env("TZ", "UTC");
        if let Some(user) = user {
            user.runs(&mut command);
        }
        run(&mut command).context(|| "cannot initialise a PostgreSQL data directory".to_owned())?;
        write(&self.directory, &data, None, || Ok(true))?;
        if self.is_complete() {
            self.directory.parent().map(cache::sweep);
            return Ok(());
        }
        Err(Error::new(format!(
            "`initdb` left something out in `{}`",
            self.directory.display()
        )))
    }
}

/// Makes a running server's data the entry of that directory, if nothing has changed while it was
/// copied, which `is_consistent` tells afterwards. It has one template, of that number.
pub(super) fn replace(
    entry: &Path,
    data: &Path,
    template: &str,
    is_consistent: impl FnOnce() -> Result<bool>,
) -> Result<()> {
    let lock = cache::lock_file(entry);
    let lock = lock.and_then(|file| file.lock().map(|()| file));
    let _lock = lock.context(|| format!("cannot lock the cache `{}`", entry.display()))?;
    write(entry, data, Some(template), is_consistent)
}

/// The directory of the files of an entry's template.
fn template_of(entry: &Path) -> Option<PathBuf> {
    let number = fs::read_to_string(entry.join(TEMPLATE)).ok()?;
    Some(entry.join("base").join(number))
}

/// Gives a running server the files of the template of that number, if it lacks them: nobody has
/// looked at them before, since nobody can connect to a template.
///
/// `false` if they are not to be had any more.
pub(super) fn add_template(entry: &Path, data: &Path, template: &str) -> Result<bool> {
    let files = data.join("base").join(template);
    if files.exists() {
        return Ok(true);
    }
    let failed = || format!("cannot copy a template to `{}`", files.display());
    let lock = cache::lock_file(entry).context(failed)?;
    lock.lock_shared().context(failed)?;
    // Of another state of the entry they would be the files of another server.
    let state = |directory: &Path| fs::read(directory.join(COMPLETE)).ok();
    let cached = entry.join("base").join(template);
    if state(entry) != state(data) || !cached.exists() {
        return Ok(false);
    }
    let partial = data.join("base").join("itest-partial");
    User::of(data)
        .and_then(|user| directory::copy(&cached, &partial, user))
        .and_then(|()| fs::rename(&partial, &files))
        .context(failed)?;
    Ok(true)
}

/// Called under the entry's lock.
fn write(
    entry: &Path,
    data: &Path,
    template: Option<&str>,
    is_consistent: impl FnOnce() -> Result<bool>,
) -> Result<()> {
    let partial = entry.with_extension("partial");
    let failed = |what: &'static str| {
        move || {
            format!(
                "cannot {what} the cached data directory `{}`",
                entry.display()
            )
        }
    };
    if partial.exists() {
        fs::remove_dir_all(&partial).context(failed("clean up"))?;
    }
    directory::copy(data, &partial, None).context(failed("write"))?;
    for of_the_running in ["postmaster.pid", "postmaster.opts"] {
        let _ = fs::remove_file(partial.join(of_the_running));
    }
    if !is_consistent()? {
        let _ = fs::remove_dir_all(&partial);
        return Ok(());
    }
    match template {
        Some(number) => fs::write(partial.join(TEMPLATE), number).context(failed("write"))?,
        None => {
            let _ = fs::remove_file(partial.join(TEMPLATE));
        }
    }
    let state = format!("{:016x}", directory::random());
    fs::write(partial.join(COMPLETE), state).context(failed("write"))?;
    if entry.exists() {
        fs::remove_dir_all(entry).context(failed("replace"))?;
    }
    fs::rename(&partial, entry).context(failed("replace"))
}
