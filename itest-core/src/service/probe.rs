//! [`Probes`]: where a service was looked for; and finding binaries.

use std::env;
use std::path::{Path, PathBuf};

use super::error::{Error, Result};

/// What was tried in order to have a service, in order, for the reason of a skip.
///
/// ```text
/// no PostgreSQL here: ITEST_POSTGRES_URL is not set; no `postgres` on PATH; no Docker (…).
/// Install it (…), or set ITEST_POSTGRES_URL
/// ```
#[derive(Debug)]
pub(crate) struct Probes {
    service: &'static str,
    tried: Vec<String>,
}

impl Probes {
    /// For a service of that name, as people write it.
    pub(crate) fn new(service: &'static str) -> Self {
        Probes {
            service,
            tried: Vec::new(),
        }
    }

    /// Records a probe and why it does not do: `` `NAME` is not set ``.
    pub(crate) fn failed(&mut self, result: impl Into<String>) {
        self.tried.push(result.into());
    }

    /// The variable's value if it is set and not empty; recorded if not.
    pub(crate) fn variable(&mut self, name: &str) -> Option<String> {
        match env::var(name) {
            Ok(value) if !value.is_empty() => Some(value),
            _ => {
                self.failed(format!("{name} is not set"));
                None
            }
        }
    }

    /// The first program of those names: what the variable names, else on `PATH` or in those
    /// directories; recorded if there is none.
    ///
    /// # Errors
    /// When the variable names none.
    pub(crate) fn program(
        &mut self,
        variable: &str,
        names: &[&str],
        directories: &[&str],
    ) -> Result<Option<PathBuf>> {
        if let Some(program) = env::var_os(variable).filter(|value| !value.is_empty()) {
            let program = PathBuf::from(program);
            if !crate::condition::is_executable(&program) {
                let program = program.display();
                let what = format!("{variable} is set, but `{program}` is not a program");
                return Err(Error::new(what));
            }
            return Ok(Some(program));
        }
        let found = names
            .iter()
            .find_map(|name| binaries(name, directories).into_iter().next());
        if found.is_none() {
            let names: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
            let names = names.join(" or ");
            self.failed(format!("no {names} on PATH or where packages put it"));
        }
        Ok(found)
    }

    /// The whole reason, with what would help.
    pub(crate) fn reason(&self, help: &str) -> String {
        format!(
            "no {} here: {}. {help}",
            self.service,
            self.tried.join("; ")
        )
    }
}

/// Where a program may be: on `PATH`, then in directories that packages use.
///
/// A directory may have one `*` in one of its components, `/usr/lib/postgresql/*/bin`: matches
/// come highest version first. Each place is given once.
pub(crate) fn binaries(program: &str, directories: &[&str]) -> Vec<PathBuf> {
    let name = format!("{program}{}", env::consts::EXE_SUFFIX);
    let path = env::var_os("PATH").unwrap_or_default();
    let on_path = env::split_paths(&path).collect::<Vec<_>>();
    let elsewhere = directories.iter().flat_map(|pattern| matching(pattern));
    let mut found: Vec<PathBuf> = Vec::new();
    let mut seen: Vec<PathBuf> = Vec::new();
    for directory in on_path.into_iter().chain(elsewhere) {
        let candidate = directory.join(&name);
        // A directory on PATH often only points to the real one.
        let Ok(real) = candidate.canonicalize() else {
            continue;
        };
        if crate::condition::is_executable(&candidate) && !seen.contains(&real) {
            found.push(candidate);
            seen.push(real);
        }
    }
    found
}

/// The directories that a pattern means, highest version first.
fn matching(pattern: &str) -> Vec<PathBuf> {
    let Some((before, after)) = pattern.split_once('*') else {
        return vec![PathBuf::from(pattern)];
    };
    let (directory, prefix) = before.rsplit_once('/').unwrap_or((".", before));
    let (suffix, rest) = after.split_once('/').unwrap_or((after, ""));
    let mut names: Vec<String> = Path::new(directory)
        .read_dir()
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| entry.file_name().into_string().ok())
        .filter(|name| name.starts_with(prefix) && name.ends_with(suffix))
        .collect();
    names.sort_by_key(|name| std::cmp::Reverse(numbers(name)));
    let root = Path::new(directory);
    names
        .into_iter()
        .map(|name| root.join(name).join(rest))
        .collect()
}

/// The numbers in a name, for comparing versions: `postgresql@9.6` has 9 and 6.
pub(crate) fn numbers(name: &str) -> Vec<u64> {
    name.split(|c: char| !c.is_ascii_digit())
        .filter_map(|number| number.parse().ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_reads_as_text() {
        let mut probes = Probes::new("Gopher");
        assert_eq!(probes.variable("ITEST_NO_SUCH_VARIABLE"), None);
        probes.failed("no `gopherd` on PATH");
        assert_eq!(
            probes.reason("Install it, or set ITEST_GOPHER_URL"),
            "no Gopher here: ITEST_NO_SUCH_VARIABLE is not set; no `gopherd` on PATH. \
             Install it, or set ITEST_GOPHER_URL"
        );
    }

    #[test]
    fn versions_compare_as_numbers() {
        assert!(numbers("16") > numbers("9.6"));
        assert!(numbers("postgresql@9.6") < numbers("postgresql@10"));
    }

    #[test]
    #[cfg(unix)]
    fn binaries_are_found_beside_path() {
        let found = binaries("sh", &["/bi*", "/no/such/*/place"]);
        assert!(!found.is_empty());
        assert_eq!(
            found.iter().collect::<std::collections::HashSet<_>>().len(),
            found.len()
        );
        assert!(binaries("no-such-program", &["/usr/bin"]).is_empty());
    }
}
