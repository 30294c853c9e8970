//! [`Lease`]: a numbered database that nobody else uses meanwhile, in whatever process.
//!
//! A table in database 0 of the server says which connection has which number, and is changed only
//! by a transaction that fails if somebody else changed it. A number whose connection is gone is
//! free again: it was closed, or its process has died.

use std::collections::{HashMap, HashSet};

use super::client::{Client, Reply};
use crate::service::address::Address;
use crate::service::error::{Context, Error, Result};

/// The key of the table, a hash from number to connection.
const TABLE: &str = "itest:databases";

/// How often the table is read anew after somebody else changed it. Each time somebody got on.
const ATTEMPTS: usize = 1000;

/// A database, emptied, as long as this lives; its connection is what counts.
#[derive(Debug)]
pub(super) struct Lease {
    client: Client,
    number: u32,
}

impl Lease {
    /// Finds a free number.
    ///
    /// On a server that is not `ours`, a database that has something in it is left alone, unless
    /// the table says that tests left it.
    pub(super) fn take(address: &Address, ours: bool) -> Result<Self> {
        let mut client = Client::connect(address)?;
        let given: u32 = address.path.parse().unwrap_or(0);
        let number = find(&mut client, given, ours)
            .context(|| format!("no database of {} for this test", address.place()))?;
        Ok(Lease { client, number })
    }

    pub(super) fn number(&self) -> u32 {
        self.number
    }

    fn give_back(&mut self) -> Result<()> {
        self.client.command(&["SELECT", &self.number.to_string()])?;
        self.client.command(&["FLUSHDB"])?;
        self.client.command(&["SELECT", "0"])?;
        self.client
            .command(&["HDEL", TABLE, &self.number.to_string()])?;
        Ok(())
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        // If it fails the connection is broken: whoever takes the number next empties it.
        let _ = self.give_back();
    }
}

fn find(client: &mut Client, given: u32, ours: bool) -> Result<u32> {
    let count = databases(client)?;
    let myself = Connections::own(client)?;
    'again: for _ in 0..ATTEMPTS {
        client.command(&["SELECT", "0"])?;
        client.command(&["WATCH", TABLE])?;
        let table = table(client)?;
        let live = Connections::live(client)?;
        for number in (1..count).filter(|number| *number != given) {
            let text = number.to_string();
            let holder = table.get(&text);
            if holder.is_some_and(|holder| myself.is_same_server(holder) && live.has(holder)) {
                continue;
            }
            if holder.is_none() && !ours {
                client.command(&["SELECT", &text])?;
                let size = client.number(&["DBSIZE"])?;
                client.command(&["SELECT", "0"])?;
                if size > 0 {
                    continue;
                }
            }
            client.command(&["MULTI"])?;
            client.command(&["HSET", TABLE, &text, &myself.name()])?;
            if client.command(&["EXEC"])? == Reply::Nil {
                continue 'again;
            }
            client.command(&["SELECT", &text])?;
            client.command(&["FLUSHDB"])?;
            return Ok(number);
        }
        client.command(&["UNWATCH"])?;
        return Err(Error::new(format!(
            "all {} numbered databases are in use, or have data that is not of tests; raise \
             `databases` in the server's configuration, or run fewer tests at a time",
            count.saturating_sub(1)
        )));
    }
    Err(Error::new(format!(
        "the table of databases was changed {ATTEMPTS} times meanwhile"
    )))
}

/// How many the server has; 16 where it does not tell.
fn databases(client: &mut Client) -> Result<u32> {
    // Not everybody may ask; sixteen is what a server has unless configured.
    match client.command(&["CONFIG", "GET", "databases"]) {
        Ok(Reply::List(list)) => match list.get(1) {
            Some(Reply::Text(count)) => Ok(count.parse().unwrap_or(16)),
            _ => Ok(16),
        },
        _ => Ok(16),
    }
}

fn table(client: &mut Client) -> Result<HashMap<String, String>> {
    let Reply::List(list) = client.command(&["HGETALL", TABLE])? else {
        return Err(Error::new(format!("`{TABLE}` is not a table of itest's")));
    };
    let mut texts = list.into_iter().map(|reply| match reply {
        Reply::Text(text) => text,
        _ => String::new(),
    });
    let mut table = HashMap::new();
    while let (Some(number), Some(holder)) = (texts.next(), texts.next()) {
        table.insert(number, holder);
    }
    Ok(table)
}

/// Connections as the table names them: `RUN:ID`, since IDs start anew with the server.
struct Connections {
    run: String,
    ids: HashSet<String>,
}

impl Connections {
    /// This one.
    fn own(client: &mut Client) -> Result<Self> {
        let id = client.number(&["CLIENT", "ID"])?.to_string();
        let info = client.text(&["INFO", "server"])?;
        let run = info
            .lines()
            .find_map(|line| line.strip_prefix("run_id:"))
            .unwrap_or_default()
            .to_owned();
        Ok(Connections {
            run,
            ids: HashSet::from([id]),
        })
    }

    /// All that the server has.
    fn live(client: &mut Client) -> Result<Self> {
        let list = client.text(&["CLIENT", "LIST"])?;
        // `id=3 addr=127.0.0.1:1 …`
        let ids = list
            .lines()
            .filter_map(|line| line.strip_prefix("id=")?.split(' ').next())
            .map(str::to_owned)
            .collect();
        Ok(Connections {
            run: String::new(),
            ids,
        })
    }

    fn name(&self) -> String {
        let id = self.ids.iter().next().map_or("", String::as_str);
        format!("{}:{id}", self.run)
    }

    fn is_same_server(&self, holder: &str) -> bool {
        holder
            .split_once(':')
            .is_some_and(|(run, _)| run == self.run)
    }

    fn has(&self, holder: &str) -> bool {
        holder
            .split_once(':')
            .is_some_and(|(_, id)| self.ids.contains(id))
    }
}
