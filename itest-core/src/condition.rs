//! Skip conditions: what `#[skip_if(…)]` says, and whether it holds here.

use std::collections::HashMap;
use std::fmt;
use std::net::{TcpStream, ToSocketAddrs};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::def::Location;

/// One `#[skip_if(…)]` or `#[skip]`.
#[derive(Debug)]
pub struct SkipDef {
    /// Skips when it holds.
    pub condition: Condition,
    /// `reason = "…"`.
    pub reason: Option<&'static str>,
    /// The attribute.
    pub location: Location,
}

/// A condition of the environment.
#[derive(Debug)]
pub enum Condition {
    /// `#[skip]`
    Always,
    /// `env = "NAME"` (set and not empty), `env = "NAME=value"`.
    Env {
        /// The variable.
        name: &'static str,
        /// What it must be equal to.
        value: Option<&'static str>,
    },
    /// `os = "…"`: as `std::env::consts::OS`, or its family (`unix`, `windows`).
    Os(&'static str),
    /// `arch = "…"`: as `std::env::consts::ARCH`.
    Arch(&'static str),
    /// `command = "…"`: an executable of that name is on `PATH`.
    Command(&'static str),
    /// `tcp = "host:port"`: something listens there.
    Tcp(&'static str),
    /// `file = "path"`: exists; relative to the package's root.
    File(&'static str),
    /// `root`: the effective user is root.
    Root,
    /// `cfg(…)`
    Cfg {
        /// As written.
        text: &'static str,
        /// `cfg!(…)`
        holds: bool,
    },
    /// `when = path::to::function`
    When {
        /// As written.
        text: &'static str,
        /// The function.
        holds: fn() -> bool,
    },
    /// `not(…)`
    Not(&'static Condition),
    /// `any(…)`
    Any(&'static [Condition]),
    /// `all(…)`
    All(&'static [Condition]),
}

/// How long a `tcp` condition waits for an answer.
const TCP_TIMEOUT: Duration = Duration::from_millis(500);

/// Evaluates conditions, each distinct one once.
#[derive(Debug, Default)]
pub(crate) struct Conditions {
    probed: HashMap<String, bool>,
}

impl Conditions {
    /// The first of `skips` that holds.
    pub(crate) fn first_that_holds(
        &mut self,
        skips: impl IntoIterator<Item = &'static SkipDef>,
    ) -> Option<&'static SkipDef> {
        skips.into_iter().find(|skip| self.holds(&skip.condition))
    }

    /// Whether the condition holds in this process's environment.
    pub(crate) fn holds(&mut self, condition: &Condition) -> bool {
        match condition {
            Condition::Always => true,
            Condition::Env { name, value } => env_holds(name, *value),
            Condition::Os(os) => *os == std::env::consts::OS || *os == std::env::consts::FAMILY,
            Condition::Arch(arch) => *arch == std::env::consts::ARCH,
            Condition::Cfg { holds, .. } => *holds,
            Condition::Not(inner) => !self.holds(inner),
            Condition::Any(all) => all.iter().any(|one| self.holds(one)),
            Condition::All(all) => all.iter().all(|one| self.holds(one)),
            Condition::Command(name) => self.probe(condition, || on_path(name)),
            Condition::Tcp(address) => self.probe(condition, || listens(address)),
            Condition::File(path) => self.probe(condition, || package_path(path).exists()),
            Condition::Root => self.probe(condition, is_root),
            Condition::When { holds, .. } => {
                let key = format!("{condition} {:p}", *holds);
                *self.probed.entry(key).or_insert_with(holds)
            }
        }
    }

    fn probe(&mut self, condition: &Condition, probe: impl FnOnce() -> bool) -> bool {
        *self
            .probed
            .entry(condition.to_string())
            .or_insert_with(probe)
    }
}

impl SkipDef {
    /// The user's reason, or the condition in words.
    pub(crate) fn reason(&self) -> String {
        match self.reason {
            Some(reason) => reason.to_owned(),
            None => self.condition.to_string(),
        }
    }
}

impl Condition {
    /// What the outcome depends on besides the build: the names that `--require` takes.
    ///
    /// Empty for conditions of the platform and the build, which no set-up of a machine changes.
    pub(crate) fn subjects(&self) -> Vec<&'static str> {
        match self {
            Condition::Env { name, .. } => vec![name],
            Condition::Command(name) | Condition::Tcp(name) | Condition::File(name) => vec![name],
            Condition::When { text, .. } => vec![text],
            Condition::Root => vec!["root"],
            Condition::Not(inner) => inner.subjects(),
            Condition::Any(all) | Condition::All(all) => {
                let mut subjects = Vec::new();
                for condition in *all {
                    subjects.append(&mut condition.subjects());
                }
                subjects
            }
            Condition::Always | Condition::Os(_) | Condition::Arch(_) | Condition::Cfg { .. } => {
                Vec::new()
            }
        }
    }

    fn describe(&self, f: &mut fmt::Formatter<'_>, holds: bool) -> fmt::Result {
        let is = if holds { "is" } else { "is not" };
        match self {
            Condition::Always => f.write_str(if holds { "skipped" } else { "never" }),
            Condition::Env { name, value: None } => write!(f, "`{name}` {is} set"),
            Condition::Env {
                name,
                value: Some(value),
            } => write!(f, "`{name}` {is} `{value}`"),
            Condition::Os(os) => write!(f, "the operating system {is} {os}"),
            Condition::Arch(arch) => write!(f, "the architecture {is} {arch}"),
            Condition::Command(name) => write!(f, "`{name}` {is} on PATH"),
            Condition::Tcp(address) if holds => write!(f, "something listens on {address}"),
            Condition::Tcp(address) => write!(f, "nothing listens on {address}"),
            Condition::File(path) if holds => write!(f, "`{path}` exists"),
            Condition::File(path) => write!(f, "`{path}` does not exist"),
            Condition::Root => write!(f, "the user {is} root"),
            Condition::Cfg { text, .. } => write!(f, "cfg({text}) {is} set"),
            Condition::When { text, .. } => write!(f, "`{text}` {is} true"),
            Condition::Not(inner) => inner.describe(f, !holds),
            Condition::Any(all) => list(f, all, holds, if holds { " or " } else { " and " }),
            Condition::All(all) => list(f, all, holds, if holds { " and " } else { " or " }),
        }
    }
}

/// The condition in words, as a reason: `` `API_KEY` is not set ``.
impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.describe(f, true)
    }
}

fn list(
    f: &mut fmt::Formatter<'_>,
    all: &[Condition],
    holds: bool,
    separator: &str,
) -> fmt::Result {
    for (i, one) in all.iter().enumerate() {
        if i > 0 {
            f.write_str(separator)?;
        }
        let nested = matches!(one, Condition::Any(_) | Condition::All(_));
        if nested {
            f.write_str("(")?;
        }
        one.describe(f, holds)?;
        if nested {
            f.write_str(")")?;
        }
    }
    Ok(())
}

fn env_holds(name: &str, value: Option<&str>) -> bool {
    match (std::env::var_os(name), value) {
        (None, _) => false,
        (Some(actual), None) => !actual.is_empty(),
        (Some(actual), Some(value)) => actual == value,
    }
}

fn on_path(name: &str) -> bool {
    let Some(path) = std::env::var_os("PATH") else {
        return false;
    };
    std::env::split_paths(&path)
        .any(|dir| is_executable(&dir.join(format!("{name}{}", std::env::consts::EXE_SUFFIX))))
}

#[cfg(unix)]
pub(crate) fn is_executable(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    path.metadata()
        .is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
pub(crate) fn is_executable(path: &Path) -> bool {
    path.is_file()
}

fn listens(address: &str) -> bool {
    let Ok(addresses) = address.to_socket_addrs() else {
        return false;
    };
    addresses
        .into_iter()
        .any(|address| TcpStream::connect_timeout(&address, TCP_TIMEOUT).is_ok())
}

/// `path` under the package's root, wherever the process runs.
pub(crate) fn package_path(path: impl AsRef<Path>) -> PathBuf {
    match std::env::var_os("CARGO_MANIFEST_DIR") {
        Some(root) => Path::new(&root).join(path),
        None => path.as_ref().to_owned(),
    }
}

#[cfg(unix)]
pub(crate) fn is_root() -> bool {
    // The owner of our own /proc entry or of a file that we just made would do too; `geteuid`
    // cannot fail and touches nothing.
    #[expect(unsafe_code, reason = "std has no geteuid")]
    fn effective_user() -> u32 {
        unsafe extern "C" {
            safe fn geteuid() -> u32;
        }
        geteuid()
    }
    effective_user() == 0
}

#[cfg(not(unix))]
pub(crate) fn is_root() -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_read_as_sentences() {
        let set = Condition::Env {
            name: "API_KEY",
            value: None,
        };
        assert_eq!(set.to_string(), "`API_KEY` is set");
        static UNSET: Condition = Condition::Not(&Condition::Env {
            name: "API_KEY",
            value: None,
        });
        assert_eq!(UNSET.to_string(), "`API_KEY` is not set");
        static NEITHER: Condition = Condition::Not(&Condition::Any(&[
            Condition::Command("docker"),
            Condition::Root,
        ]));
        assert_eq!(
            NEITHER.to_string(),
            "`docker` is not on PATH and the user is not root"
        );
    }

    #[test]
    fn only_the_machine_is_a_subject() {
        static MIXED: Condition = Condition::All(&[
            Condition::Os("linux"),
            Condition::Not(&Condition::Command("docker")),
        ]);
        assert_eq!(MIXED.subjects(), ["docker"]);
    }

    #[test]
    fn platform_conditions_hold_here() {
        let mut conditions = Conditions::default();
        assert!(conditions.holds(&Condition::Os(std::env::consts::OS)));
        assert!(conditions.holds(&Condition::Os(std::env::consts::FAMILY)));
        assert!(!conditions.holds(&Condition::Os("plan9")));
        assert!(conditions.holds(&Condition::Arch(std::env::consts::ARCH)));
        assert!(conditions.holds(&Condition::File("Cargo.toml")));
        assert!(!conditions.holds(&Condition::File("no/such/file")));
        assert!(!conditions.holds(&Condition::Command("no-such-command-here")));
    }
}
