//! What this process has registered, and not cleaned yet.

use std::io;
#[cfg(unix)]
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

#[cfg(unix)]
use super::journal::{Hosting, Journal};
use super::process::Identity;
use super::record::Record;
#[cfg(unix)]
use crate::run::leaks;

static OWNER: Mutex<Owner> = Mutex::new(Owner::nobody());

struct Owner {
    /// The process that all this is of: a forked child has a copy, which is not its own.
    pid: u32,
    /// In the order of registration.
    entries: Vec<Entry>,
    next: u64,
    #[cfg(unix)]
    journal: Option<Journal>,
}

struct Entry {
    id: u64,
    record: Record,
}

/// The number of what was gone when it was registered.
const NOTHING: u64 = 0;

impl Owner {
    const fn nobody() -> Self {
        Owner {
            pid: 0,
            entries: Vec::new(),
            next: NOTHING + 1,
            #[cfg(unix)]
            journal: None,
        }
    }
}

/// What this process has; nothing of the one that it was forked from.
fn lock() -> MutexGuard<'static, Owner> {
    let mut owner = OWNER.lock().unwrap_or_else(PoisonError::into_inner);
    let pid = std::process::id();
    if owner.pid != pid {
        let inherited = std::mem::replace(&mut *owner, Owner::nobody());
        owner.pid = pid;
        // Closing the journal is right, removing it would not be.
        drop(inherited);
    }
    owner
}

/// This process as journals and labels name it.
pub(super) fn identity() -> Identity {
    static OWN: Mutex<Option<Identity>> = Mutex::new(None);
    let mut own = OWN.lock().unwrap_or_else(PoisonError::into_inner);
    match *own {
        Some(known) if known.pid == std::process::id() => known,
        _ => *own.insert(Identity::own()),
    }
}

/// Writes it into the journal; from then on it is cleaned, whatever happens.
///
/// If that fails it is still cleaned as long as this process lives.
pub(super) fn add(record: Option<Record>, user: &str) -> io::Result<u64> {
    let Some(record) = record else {
        return Ok(NOTHING);
    };
    let mut owner = lock();
    let id = owner.next;
    owner.next += 1;
    #[cfg(unix)]
    let written = owner.write_down(id, &record, user);
    #[cfg(not(unix))]
    let (written, _) = (Ok(()), user);
    owner.entries.push(Entry { id, record });
    written.map(|()| id)
}

/// Has a reaper from now on, which removes the directory of a run if whoever makes it, or starts a
/// host in it, dies before there is one.
#[cfg(unix)]
pub(crate) fn guard_run(runner: Identity) -> io::Result<()> {
    lock().journal()?.runs(runner)
}

/// The same for a session host. `offers` is the file with what the host offers.
#[cfg(unix)]
pub(crate) fn guard_host(runner: Identity, offers: &Path) -> io::Result<()> {
    let offers = offers.into();
    lock().journal()?.hosts(Hosting { runner, offers })
}

/// Forgets it.
pub(super) fn release(id: u64) {
    let mut owner = lock();
    if let Some(entry) = owner.take(id) {
        owner.done(entry.id);
    }
}

/// Cleans it, unless it has been cleaned or released.
pub(super) fn clean(id: u64) -> Result<(), String> {
    let Some(entry) = lock().take(id) else {
        return Ok(());
    };
    // Without the lock: it takes a while. If we die meanwhile, the journal still has it.
    let cleaned = super::clean::clean(&entry.record);
    let mut owner = lock();
    match cleaned {
        Ok(()) => owner.done(id),
        Err(_) => owner.entries.push(entry),
    }
    cleaned
}

/// Cleans everything that is left, and says what could not be; for the end of the process.
pub(crate) fn finish() {
    let ids: Vec<u64> = lock().entries.iter().map(|entry| entry.id).collect();
    for id in ids.into_iter().rev() {
        if let Err(error) = clean(id) {
            crate::run::say(&format!("warning: {error}"));
        }
    }
    #[cfg(unix)]
    {
        let mut owner = lock();
        if owner.entries.is_empty()
            && let Some(journal) = owner.journal.take()
        {
            journal.remove();
        }
    }
}

impl Owner {
    fn take(&mut self, id: u64) -> Option<Entry> {
        let index = self.entries.iter().position(|entry| entry.id == id)?;
        Some(self.entries.remove(index))
    }

    #[cfg(unix)]
    fn write_down(&mut self, id: u64, record: &Record, user: &str) -> io::Result<()> {
        // Miri starts no processes, and what it runs registers none.
        if cfg!(miri) {
            return Ok(());
        }
        self.journal()?.add(id, record, user)
    }

    /// The journal, made if need be.
    #[cfg(unix)]
    fn journal(&mut self) -> io::Result<&mut Journal> {
        Ok(match &mut self.journal {
            Some(journal) => journal,
            none => none.insert(leaks::ours(|| Journal::create(identity()))?),
        })
    }

    fn done(&mut self, id: u64) {
        #[cfg(unix)]
        if let Some(journal) = &mut self.journal {
            journal.done(id, self.entries.is_empty());
        }
        #[cfg(not(unix))]
        let _ = (self, id);
    }
}
