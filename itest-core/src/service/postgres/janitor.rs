//! [`Janitor`]: drops databases that nobody needs any more, in the background.
//!
//! Dropping one right after its last connection was closed takes a tenth of a second: the server
//! waits that long before it looks again whether the connection is gone. So tests only tell, and
//! who started the server drops later: on a private server, which takes all with it when it ends,
//! what is more than a certain size; on any other, when nobody has told anything for a while, and
//! all the rest at the end.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::client::{Client, HangUp, SqlError, quote_name, quote_text};
use super::template::PREFIX;
use super::url::Url;
use crate::service::directory;

/// Names of databases are told here.
pub(super) const CHANNEL: &str = "itest_done";

/// The comment on a database that stays after the run.
pub(super) const KEPT: &str = "kept by itest";

/// How long nobody must have told anything before the janitor of a foreign server drops.
const QUIET: Duration = Duration::from_millis(300);

/// How much the databases of a private server may take that wait to be dropped, if there is room:
/// each drop makes all connections of the server wait for a moment.
const BYTES: u64 = 4 << 30;

/// The first number of the advisory locks that say whose databases are still in use.
const LOCKS: i32 = 0x6974_6573;

/// Whose server it is.
#[derive(Debug)]
pub(super) enum Owner {
    /// We started it, perhaps with its data in a directory of this machine.
    Us(Option<PathBuf>),
    /// It was there before.
    Somebody,
}

/// A thread with a connection; ends when it is dropped.
#[derive(Debug)]
pub(super) struct Janitor {
    hang_up: Mutex<Option<HangUp>>,
    thread: Option<JoinHandle<()>>,
    foreign: Option<(Url, String)>,
}

/// What it knows of its server.
struct Work {
    client: Client,
    tag: String,
    waiting: VecDeque<String>,
    /// Of a private server: how many may wait; known when the first one is told.
    limit: Option<usize>,
    owner: Owner,
}

impl Janitor {
    /// For the databases of a run with that tag.
    pub(super) fn start(
        mut client: Client,
        url: &Url,
        tag: &str,
        owner: Owner,
    ) -> Result<Self, SqlError> {
        client.query(&format!("LISTEN {CHANNEL}"))?;
        let foreign = matches!(owner, Owner::Somebody);
        if foreign {
            client.query(&format!(
                "SELECT pg_advisory_lock({LOCKS}, {})",
                number(tag)
            ))?;
        }
        let hang_up = client.hang_up()?;
        let mut work = Work {
            client,
            tag: tag.to_owned(),
            waiting: VecDeque::new(),
            limit: None,
            owner,
        };
        let thread = thread::Builder::new()
            .name("itest-postgres".to_owned())
            .spawn(move || {
                // Its end is the end of the connection, whoever hung up.
                let _ = work.sweep().and_then(|()| work.serve());
            })?;
        Ok(Janitor {
            hang_up: Mutex::new(Some(hang_up)),
            thread: Some(thread),
            foreign: foreign.then(|| (url.clone(), tag.to_owned())),
        })
    }
}

impl Drop for Janitor {
    fn drop(&mut self) {
        if let Some(hang_up) = self.hang_up.get_mut().ok().and_then(Option::take) {
            hang_up.hang_up();
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
        if let Some((url, tag)) = &self.foreign {
            let _ = drop_all(url, tag);
        }
    }
}

impl Work {
    fn serve(&mut self) -> Result<(), SqlError> {
        loop {
            let told = self.client.notifications(match self.owner {
                Owner::Us(_) => Duration::from_secs(3600),
                Owner::Somebody => QUIET,
            })?;
            let quiet = told.is_empty();
            // Others may use the server too, and have their own janitors.
            let ours = format!("itest_{}_", self.tag);
            self.waiting
                .extend(told.into_iter().filter(|name| name.starts_with(&ours)));
            let limit = match self.owner {
                Owner::Us(_) => self.limit()?,
                Owner::Somebody if quiet => 0,
                Owner::Somebody => usize::MAX,
            };
            while self.waiting.len() > limit {
                if let Some(name) = self.waiting.pop_front() {
                    drop_if_possible(&mut self.client, &name)?;
                }
            }
        }
    }

    /// As many as fit into what a run may take of the file system.
    fn limit(&mut self) -> Result<usize, SqlError> {
        if let Some(limit) = self.limit {
            return Ok(limit);
        }
        let Some(name) = self.waiting.front() else {
            return Ok(usize::MAX);
        };
        let size = format!("SELECT pg_database_size({})", quote_text(name));
        let size = self.client.query_one(&size)?;
        let size: u64 = size.and_then(|size| size.parse().ok()).unwrap_or(10 << 20);
        let free = match &self.owner {
            Owner::Us(Some(data)) => directory::free(data),
            _ => None,
        };
        let bytes = BYTES.min(free.map_or(BYTES, |free| free / 8));
        let limit = usize::try_from(bytes / size.max(1)).unwrap_or(usize::MAX);
        self.limit = Some(limit.max(4));
        Ok(limit.max(4))
    }

    /// Drops what runs left on a foreign server that died without being able to.
    fn sweep(&mut self) -> Result<(), SqlError> {
        if matches!(self.owner, Owner::Us(_)) {
            return Ok(());
        }
        for name in databases(&mut self.client, "itest_")? {
            let tag = name.split('_').nth(1).unwrap_or_default();
            if !is_tag(tag) || tag == self.tag {
                continue;
            }
            // The lock of a run is free when its janitor's connection is gone.
            let number = number(tag);
            let lock = format!("SELECT pg_try_advisory_lock({LOCKS}, {number})");
            if self.client.query_one(&lock)?.as_deref() == Some("t") {
                let _ = drop_database(&mut self.client, &name);
                self.client
                    .query(&format!("SELECT pg_advisory_unlock({LOCKS}, {number})"))?;
            }
        }
        Ok(())
    }
}

/// Drops all databases of a run; its lock goes with the first connection.
fn drop_all(url: &Url, tag: &str) -> Result<(), SqlError> {
    let mut client = Client::connect(url)?;
    let names = databases(&mut client, &format!("itest_{tag}_"))?;
    // The server waits more than it works for each.
    let connections = names.len().div_ceil(16).clamp(1, 4);
    let names = Mutex::new(names);
    let next = || names.lock().unwrap_or_else(PoisonError::into_inner).pop();
    let drop_some = |client: &mut Client| {
        while let Some(name) = next() {
            drop_if_possible(client, &name)?;
        }
        Ok(())
    };
    thread::scope(|scope| {
        for _ in 1..connections {
            scope.spawn(|| drop_some(&mut Client::connect(url)?));
        }
        drop_some(&mut client)
    })
}

/// The databases whose names start so, that are no templates, and that nobody wants to look at.
fn databases(client: &mut Client, start: &str) -> Result<Vec<String>, SqlError> {
    let sql = format!(
        "SELECT datname FROM pg_database WHERE left(datname, {}) = {} AND NOT datistemplate \
         AND shobj_description(oid, 'pg_database') IS DISTINCT FROM '{KEPT}'",
        start.len(),
        quote_text(start)
    );
    let rows = client.query(&sql)?;
    let names = rows.concat().into_iter().flatten();
    Ok(names.filter(|name| !name.starts_with(PREFIX)).collect())
}

/// Somebody may be slow to leave it; it stays until the end then, or for the next run.
fn drop_if_possible(client: &mut Client, name: &str) -> Result<(), SqlError> {
    match drop_database(client, name) {
        Err(SqlError::Refused(_)) | Ok(()) => Ok(()),
        Err(error) => Err(error),
    }
}

/// Only ever one of ours: the name must say so.
fn drop_database(client: &mut Client, name: &str) -> Result<(), SqlError> {
    if !name.starts_with("itest_") || name.starts_with(PREFIX) {
        return Ok(());
    }
    let force = match client.major() {
        ..13 => "",
        _ => " WITH (FORCE)",
    };
    client.query(&format!(
        "DROP DATABASE IF EXISTS {}{force}",
        quote_name(name)
    ))?;
    Ok(())
}

/// Eight hexadecimal digits: what tells the databases of one run from those of others.
pub(super) fn is_tag(text: &str) -> bool {
    text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// As an advisory lock takes it.
fn number(tag: &str) -> i32 {
    u32::from_str_radix(tag, 16).unwrap_or(0).cast_signed()
}
