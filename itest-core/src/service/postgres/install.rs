//! [`Installation`]: the PostgreSQL servers that are installed on this machine.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::UNIX_EPOCH;

use super::digest::{hex, sha256};
use crate::service::directory::cache;
use crate::service::error::{Error, Result};
use crate::service::probe::{Probes, binaries, numbers};
use crate::service::process::run;

/// The variable that names a directory with `postgres` and `initdb`, before all others.
const BIN_VARIABLE: &str = "ITEST_POSTGRES_BIN";

/// Where packages put servers that are not on `PATH`.
const DIRECTORIES: [&str; 9] = [
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/usr/lib/postgresql*/bin",
    "/usr/libexec/postgresql*",
    "/usr/local/pgsql/bin",
    "/opt/homebrew/opt/postgresql@*/bin",
    "/usr/local/opt/postgresql@*/bin",
    "/home/linuxbrew/.linuxbrew/opt/postgresql@*/bin",
    "/Applications/Postgres.app/Contents/Versions/*/bin",
];

/// A server's programs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Installation {
    pub(super) postgres: PathBuf,
    pub(super) initdb: PathBuf,
    /// `15.4`
    pub(super) version: String,
}

impl Installation {
    /// The first one, or the first of that version (`15`, `15.4`).
    ///
    /// # Errors
    /// When `ITEST_POSTGRES_BIN` names none.
    pub(super) fn find(wanted: Option<&str>, probes: &mut Probes) -> Result<Option<Self>> {
        let candidates = match std::env::var_os(BIN_VARIABLE).filter(|value| !value.is_empty()) {
            Some(directory) => {
                let postgres = Path::new(&directory).join("postgres");
                if !crate::condition::is_executable(&postgres) {
                    return Err(Error::new(format!(
                        "{BIN_VARIABLE} is set, but there is no `{}`",
                        postgres.display()
                    )));
                }
                vec![postgres]
            }
            None => binaries("postgres", &DIRECTORIES),
        };
        let mut versions = Vec::new();
        for postgres in candidates {
            let Some(found) = Installation::at(postgres) else {
                continue;
            };
            if wanted.is_none_or(|wanted| found.is(wanted)) {
                return Ok(Some(found));
            }
            versions.push(found.version);
        }
        probes.failed(match (wanted, &versions[..]) {
            (Some(wanted), [_, ..]) => format!(
                "version {wanted} is not installed, only {}",
                versions.join(", ")
            ),
            _ => "no `postgres` with its `initdb` on PATH or where packages put it".to_owned(),
        });
        Ok(None)
    }

    /// `None` if something is missing there.
    fn at(postgres: PathBuf) -> Option<Self> {
        let beside = |path: &Path| {
            let initdb = path.with_file_name("initdb");
            crate::condition::is_executable(&initdb).then_some(initdb)
        };
        let real = postgres.canonicalize().ok()?;
        let initdb = beside(&postgres).or_else(|| beside(&real))?;
        let version = version(&postgres, &real)?;
        Some(Installation {
            postgres,
            initdb,
            version,
        })
    }

    fn is(&self, wanted: &str) -> bool {
        numbers(&self.version).starts_with(&numbers(wanted))
    }

    pub(super) fn major(&self) -> u64 {
        numbers(&self.version).first().copied().unwrap_or(0)
    }
}

/// Asks the program, once for each state of its file: starting it takes a tenth of what a whole
/// start does.
fn version(postgres: &Path, real: &Path) -> Option<String> {
    let meta = real.metadata().ok()?;
    let changed = meta.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
    let state = format!("{} {} {}", real.display(), meta.len(), changed.as_nanos());
    let known = cache().ok().map(|cache| {
        let name = hex(&sha256(state.as_bytes())[..8]);
        cache.join(format!("postgres-version-{name}"))
    });
    let is_version = |text: &String| text.starts_with(|c: char| c.is_ascii_digit());
    let remembered = known
        .as_ref()
        .and_then(|known| std::fs::read_to_string(known).ok());
    if let Some(version) = remembered.filter(is_version) {
        return Some(version);
    }
    let printed = run(Command::new(postgres).arg("--version")).ok()?;
    // `postgres (PostgreSQL) 15.4 (Debian 15.4-1)`
    let mut words = printed.split_whitespace().map(str::to_owned);
    let version = words.find(is_version)?;
    if let Some(known) = known {
        // If it is not remembered, it is asked for again.
        let _ = std::fs::write(known, &version);
    }
    Some(version)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions() {
        let installed = |version: &str| Installation {
            postgres: PathBuf::new(),
            initdb: PathBuf::new(),
            version: version.to_owned(),
        };
        assert!(installed("15.4").is("15"));
        assert!(installed("15.4").is("15.4"));
        assert!(!installed("15.4").is("5"));
        assert!(!installed("15.4").is("15.40"));
        assert!(installed("17beta1").is("17"));
        assert_eq!(installed("9.6.24").major(), 9);
    }
}
