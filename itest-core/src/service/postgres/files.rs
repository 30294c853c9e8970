//! [`TemplateFiles`]: databases of a private server, made from a template's files.
//!
//! `CREATE DATABASE` copies files too, and has the server write all that it holds in memory before
//! and after. A template does not change and nothing here need survive a crash, so whoever needs a
//! database writes its files by itself, each test process at its own pace, and then tells the
//! server of it.

use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use super::client::{Client, SqlError, quote_name, quote_text};
use crate::service::directory::{create_private, write_new};
use crate::service::user::User;

/// Files up to this size are kept in memory for the next database.
const KEPT: u64 = 1 << 20;

/// Numbers from here on are of what users made, not `initdb`.
const FIRST_OF_USERS: u32 = 16384;

/// What this process has read of templates, by their directories.
static READ: Mutex<Option<HashMap<PathBuf, Arc<Vec<TemplateFile>>>>> = Mutex::new(None);

/// Where a template's files are, which nobody writes to any more.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct TemplateFiles {
    /// The directory with all databases of the server.
    base: PathBuf,
    number: String,
}

#[derive(Debug)]
struct TemplateFile {
    name: OsString,
    /// `None` if it is too large to be kept.
    bytes: Option<Vec<u8>>,
}

impl TemplateFiles {
    /// The files of a complete template of a server with that data directory; `None` if they are
    /// not all in one place, or the server may write to them.
    pub(super) fn find(
        client: &mut Client,
        data: &Path,
        template: &str,
    ) -> Result<Option<Self>, SqlError> {
        // Before 12, numbers of databases could not be had or given.
        if client.major() < 12 {
            return Ok(None);
        }
        let sql = format!(
            "SELECT oid FROM pg_database WHERE datname = {} \
             AND current_setting('autovacuum') = 'off' AND NOT EXISTS (SELECT FROM pg_tablespace \
             WHERE spcname NOT IN ('pg_default', 'pg_global'))",
            quote_text(template)
        );
        Ok(client.query_one(&sql)?.map(|number| TemplateFiles {
            base: data.join("base"),
            number,
        }))
    }

    /// Makes a database of them; `false` if that does not work, and left nothing.
    pub(super) fn create(&self, client: &mut Client, name: &str) -> Result<bool, SqlError> {
        let free = "SELECT pg_nextoid('pg_database'::regclass, 'oid', \
                    'pg_database_oid_index'::regclass)";
        let Some(number) = client.query_one(free)? else {
            return Ok(false);
        };
        let directory = self.base.join(&number);
        // What the statement for it says is clearer than what a file system, or this, says.
        let made = match self.write(&directory) {
            Ok(()) => match client.query(&self.introduce(&number, name)) {
                Ok(_) => Ok(true),
                Err(SqlError::Refused(_)) => Ok(false),
                Err(error) => Err(error),
            },
            Err(_) => Ok(false),
        };
        if !matches!(made, Ok(true)) {
            let _ = fs::remove_dir_all(&directory);
        }
        made
    }

    fn write(&self, directory: &Path) -> io::Result<()> {
        let template = self.base.join(&self.number);
        let user = User::of(&template)?;
        create_private(directory)?;
        if let Some(user) = user {
            user.owns(directory)?;
        }
        for TemplateFile { name, bytes } in &*read(&template)? {
            let path = directory.join(name);
            match bytes {
                Some(bytes) => write_new(&path, bytes, user)?,
                None => {
                    fs::copy(template.join(name), &path)?;
                    if let Some(user) = user {
                        user.owns(&path)?;
                    }
                }
            }
        }
        Ok(())
    }

    /// What `CREATE DATABASE` writes down: the template's row with another name and no rights of
    /// its own, and what in it belongs to which role.
    fn introduce(&self, number: &str, name: &str) -> String {
        let template = &self.number;
        let name = quote_text(name);
        format!(
            "INSERT INTO pg_database SELECT made.* FROM pg_database AS template, \
             jsonb_populate_record(template, jsonb_build_object('oid', {number}, 'datname', {name}, \
             'datistemplate', false, 'datallowconn', true, 'datconnlimit', -1, 'datacl', NULL)) \
             AS made WHERE template.oid = {template}; \
             INSERT INTO pg_shdepend SELECT made.* FROM pg_shdepend AS template, \
             jsonb_populate_record(template, jsonb_build_object('dbid', {number})) AS made \
             WHERE template.dbid = {template}"
        )
    }
}

/// Has the server write a template's files as they are in its memory; nobody is connected to it.
///
/// A checkpoint leaves tables out that are not logged; what goes before a copy does not.
pub(super) fn flush(client: &mut Client, template: &str, tag: &str) -> Result<(), SqlError> {
    let strategy = match client.major() {
        ..15 => "",
        _ => "STRATEGY FILE_COPY",
    };
    let (template, copy) = (
        quote_name(template),
        quote_name(&format!("itest_{tag}_flush")),
    );
    client.query(&format!(
        "CREATE DATABASE {copy} TEMPLATE {template} {strategy}"
    ))?;
    client.query(&format!("DROP DATABASE {copy}"))?;
    Ok(())
}

/// All files of a template that a database needs.
fn read(template: &Path) -> io::Result<Arc<Vec<TemplateFile>>> {
    let mut read = READ.lock().unwrap_or_else(PoisonError::into_inner);
    let read = read.get_or_insert_default();
    if let Some(files) = read.get(template) {
        return Ok(Arc::clone(files));
    }
    let mut files = Vec::new();
    for entry in template.read_dir()? {
        let entry = entry?;
        let name = entry.file_name();
        if !is_needed(&name) {
            continue;
        }
        let bytes = match entry.metadata()?.len() {
            ..=KEPT => Some(fs::read(entry.path())?),
            _ => None,
        };
        files.push(TemplateFile { name, bytes });
    }
    let files = Arc::new(files);
    read.insert(template.to_owned(), Arc::clone(&files));
    Ok(files)
}

/// The server does without its maps of what is free and visible, which each of its own tables has:
/// a fifth of all files.
fn is_needed(name: &OsStr) -> bool {
    let name = name.to_string_lossy();
    let Some((number, "fsm" | "vm")) = name.split_once('_') else {
        return true;
    };
    number
        .parse()
        .is_ok_and(|number: u32| number >= FIRST_OF_USERS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn maps_of_the_servers_own_tables_are_left_out() {
        for needed in [
            "1259",
            "1259.1",
            "PG_VERSION",
            "16385_vm",
            "16385_init",
            "pg_internal.init",
        ] {
            assert!(is_needed(OsStr::new(needed)), "{needed}");
        }
        for not in ["1259_fsm", "1259_vm"] {
            assert!(!is_needed(OsStr::new(not)), "{not}");
        }
    }
}
