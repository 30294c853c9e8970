//! [`Engine`]: the program that runs containers, `docker` or `podman`, by its command line.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::service::error::{Error, Result};
use crate::service::probe::{Probes, binaries};
use crate::service::process::{run, run_within};

/// The variable that names the program, before all others.
const ENGINE_VARIABLE: &str = "ITEST_CONTAINER_ENGINE";

/// How long an engine may take to say that it is there.
const ANSWER_LIMIT: Duration = Duration::from_secs(5);

/// A program that answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Engine {
    program: PathBuf,
}

impl Engine {
    /// The first that answers: what `ITEST_CONTAINER_ENGINE` names, else `docker`, else `podman`.
    ///
    /// A program without an engine behind it is of no use, and usual: its refusal is recorded.
    pub(crate) fn find(probes: &mut Probes) -> Option<Self> {
        let named = std::env::var_os(ENGINE_VARIABLE).filter(|value| !value.is_empty());
        let candidates: Vec<PathBuf> = match named {
            Some(program) => vec![PathBuf::from(program)],
            None => ["docker", "podman"]
                .iter()
                .filter_map(|name| binaries(name, &[]).into_iter().next())
                .collect(),
        };
        if candidates.is_empty() {
            probes.failed("no `docker` or `podman` on PATH");
        }
        for program in candidates {
            let engine = Engine { program };
            match engine.version() {
                Ok(_) => return Some(engine),
                Err(error) => {
                    // The first sentence says it; what follows is help for people at a terminal.
                    let why = std::error::Error::source(&error)
                        .map_or_else(|| error.to_string(), ToString::to_string);
                    let why = why.lines().next().unwrap_or_default();
                    let why = why.split(". ").next().unwrap_or_default();
                    probes.failed(format!("`{}` has no engine: {why}", engine.name()));
                }
            }
        }
        None
    }

    /// The engine of a container that another process started.
    pub(crate) fn of(program: impl Into<PathBuf>) -> Self {
        Engine {
            program: program.into(),
        }
    }

    /// The engine's version; asking for it is the proof that there is one.
    fn version(&self) -> Result<String> {
        let words = match self.is_podman() {
            // `podman version` answers also where containers cannot be run.
            true => ["info", "--format", "{{.Version.Version}}"],
            false => ["version", "--format", "{{.Server.Version}}"],
        };
        let version = run_within(self.command(words), ANSWER_LIMIT)?;
        match version.trim() {
            "" | "<no value>" => Err(Error::new("it names no version of its engine")),
            version => Ok(version.to_owned()),
        }
    }

    /// Runs it to its end; what it printed.
    pub(crate) fn call<S: AsRef<OsStr>>(
        &self,
        words: impl IntoIterator<Item = S>,
    ) -> Result<String> {
        run(&mut self.command(words))
    }

    pub(crate) fn command<S: AsRef<OsStr>>(&self, words: impl IntoIterator<Item = S>) -> Command {
        let mut command = Command::new(&self.program);
        command.args(words);
        command
    }

    pub(crate) fn program(&self) -> &Path {
        &self.program
    }

    fn name(&self) -> String {
        let name = self.program.file_name().unwrap_or_default();
        name.to_string_lossy().into_owned()
    }

    fn is_podman(&self) -> bool {
        self.name().contains("podman")
    }

    /// The machine where published ports are: this one, unless `DOCKER_HOST` names another.
    pub(crate) fn host(&self) -> String {
        std::env::var("DOCKER_HOST")
            .ok()
            .filter(|_| !self.is_podman())
            .and_then(|url| remote_host(&url))
            .unwrap_or_else(|| LOOPBACK.to_owned())
    }
}

pub(super) const LOOPBACK: &str = "127.0.0.1";

/// The host of `tcp://host:port` and `ssh://user@host`; none in `unix:///path`.
fn remote_host(url: &str) -> Option<String> {
    let (scheme, rest) = url.split_once("://")?;
    if !["tcp", "http", "https", "ssh"].contains(&scheme) {
        return None;
    }
    let authority = rest.split('/').next()?;
    let place = authority.rsplit('@').next()?;
    let host = match place.strip_prefix('[') {
        Some(six) => six.split(']').next()?,
        None => place.split(':').next()?,
    };
    (!host.is_empty()).then(|| host.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_published_ports_are() {
        let check = |url: &str, host: Option<&str>| {
            assert_eq!(remote_host(url).as_deref(), host, "{url}");
        };
        check("unix:///var/run/docker.sock", None);
        check("tcp://docker:2376", Some("docker"));
        check("tcp://[fe80::1]:2376", Some("fe80::1"));
        check("ssh://me@build.example.com", Some("build.example.com"));
        check("nonsense", None);
    }
}
