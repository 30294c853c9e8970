//! [`Binary`]: a test binary of the selection, and whether it is one of ours.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use super::artifacts::Artifact;
use super::record::Record;
use super::words::Words;
use crate::describe::ask::{self, Answer, Build};
use crate::describe::{Description, Wanted, fingerprint};
use crate::event::BinaryId;
use crate::outcome::{Failure, FailureKind};
use crate::plan::available_threads;
use crate::run::suite::{Launch, Suite};
use crate::run::{Broken, ended_how};

/// A test binary.
#[derive(Debug, Clone)]
pub(super) struct Binary {
    /// As nextest names it.
    pub(super) id: BinaryId,
    pub(super) package: String,
    /// The target's name.
    pub(super) target: String,
    /// What cargo calls its kind: `test`, `lib` …
    pub(super) kind: String,
    pub(super) record: Record,
}

/// What a binary turned out to be.
#[derive(Debug)]
pub(super) enum Found {
    /// It has `itest::main!()`.
    Full(Description),
    /// libtest runs it.
    Libtest,
    /// It has a harness of its own, and we do not know what it does with arguments.
    Other,
    /// It has `itest::main!()`, and did not describe itself.
    Failed(Box<Broken>),
}

/// Those that cargo would run, in cargo's order.
pub(super) fn binaries(records: Vec<Record>, artifacts: &[Artifact]) -> Vec<Binary> {
    let binary = |record: Record| {
        let artifact = artifacts
            .iter()
            .find(|artifact| artifact.executable == record.program)?;
        let package = record
            .variable("CARGO_PKG_NAME")?
            .to_string_lossy()
            .into_owned();
        Some(Binary {
            id: id(&package, &artifact.kind, &artifact.target).into(),
            package,
            target: artifact.target.clone(),
            kind: artifact.kind.clone(),
            record,
        })
    };
    records.into_iter().filter_map(binary).collect()
}

pub(super) fn id(package: &str, kind: &str, target: &str) -> String {
    match kind {
        "lib" | "rlib" | "dylib" | "cdylib" | "staticlib" | "proc-macro" => package.to_owned(),
        "test" => format!("{package}::{target}"),
        kind => format!("{package}::{kind}/{target}"),
    }
}

impl Binary {
    /// How its processes are started with those arguments.
    pub(super) fn launch(&self, arguments: &[OsString]) -> Launch {
        Launch::Other {
            program: self.record.program.clone(),
            arguments: arguments.to_vec(),
            directory: self.record.directory.clone(),
            environment: self.record.environment.clone(),
        }
    }

    /// The same as a command.
    pub(super) fn command(&self, arguments: &[OsString]) -> std::io::Result<Command> {
        self.launch(arguments).command(&[])
    }

    /// Looks what it is; `share` is a file with the tests that it shall plan, if not all.
    fn probe(&self, words: &Words, wanted: Wanted, share: Option<&Path>) -> Found {
        if self.record.has_libtest() {
            return Found::Libtest;
        }
        let is_ours = fs::read(&self.record.program).map(|file| ask::can_be_asked(&file));
        match is_ours {
            Ok(true) => {}
            Ok(false) => return Found::Other,
            Err(error) => return self.failed("its file cannot be read", &error.to_string(), ""),
        }
        let asked = self
            .launch(&words.tests)
            .command(&ask::arguments(wanted, share));
        let output = asked.and_then(|mut command| command.stdin(Stdio::null()).output());
        match output {
            Ok(output) => self.read(&output),
            Err(error) => self.failed("it does not start", &error.to_string(), ""),
        }
    }

    fn read(&self, output: &Output) -> Found {
        let said = String::from_utf8_lossy(&output.stderr);
        match ask::read(&output.stdout) {
            Some(Answer::Description(description)) => Found::Full(description),
            Some(Answer::Other(build)) => self.failed(
                "it and cargo-itest are of different builds",
                &apart(&build),
                "",
            ),
            Some(Answer::Garbage(error)) => {
                self.failed("its description is garbage", &error.to_string(), &said)
            }
            // It refuses the argument: itest is linked, but something else runs the tests.
            None if said.contains("itest-plan") => Found::Other,
            None => {
                let how = format!("it {}", ended_how(output.status));
                self.failed("it did not describe itself", &how, &said)
            }
        }
    }

    fn failed(&self, what: &str, why: &str, output: &str) -> Found {
        let message = format!("the tests of `{}` cannot be listed: {what}", self.id);
        let mut failure = Failure::new(FailureKind::Crash, message);
        failure.causes.push(why.to_owned());
        failure
            .causes
            .push(format!("the binary is {}", self.record.program.display()));
        Found::Failed(Box::new(Broken {
            id: self.id.clone(),
            failure,
            output: output.to_owned(),
        }))
    }

    /// As the schedule and the crew see it.
    pub(super) fn suite(
        self,
        description: Description,
        words: &Words,
    ) -> Result<Suite, Box<Broken>> {
        match description.plan {
            Ok(summary) => Ok(Suite {
                summary,
                launch: self.launch(&words.tests),
                id: self.id,
            }),
            Err(problems) => {
                let message = format!("nothing of `{}` runs: its fixtures are wrong", self.id);
                Err(Box::new(Broken {
                    failure: Failure::new(FailureKind::Misuse, message),
                    output: problems,
                    id: self.id,
                }))
            }
        }
    }
}

/// Why a binary of that build is not understood, and what to do.
fn apart(build: &Build) -> String {
    let Build { version, protocol } = build;
    let ours = env!("CARGO_PKG_VERSION");
    let protocol = match &**protocol {
        "" => "an older protocol".to_owned(),
        protocol => format!("protocol {protocol}"),
    };
    format!(
        "the binary was built with itest {version} ({protocol}), cargo-itest with itest {ours} (protocol \
         {}): install cargo-itest from the sources that the project uses, with `cargo install \
         --path PATH/TO/itest-core --features cli`",
        fingerprint()
    )
}

/// Looks at all of them at once, as far as the machine can; at those for which `share` has a file,
/// for the tests that it names.
pub(super) fn probe_all(
    binaries: &[Binary],
    words: &Words,
    wanted: Wanted,
    share: impl Fn(usize) -> Option<PathBuf> + Sync,
) -> Vec<Found> {
    let next = AtomicUsize::new(0);
    let found: Vec<OnceLock<Found>> = binaries.iter().map(|_| OnceLock::new()).collect();
    thread::scope(|scope| {
        for _ in 0..available_threads().min(binaries.len()) {
            scope.spawn(|| {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(binary) = binaries.get(index) else {
                        break;
                    };
                    let share = share(index);
                    found[index].get_or_init(|| binary.probe(words, wanted, share.as_deref()));
                }
            });
        }
    });
    let all = found.into_iter().map(OnceLock::into_inner);
    all.map(|found| found.expect("itest bug: a binary was not looked at"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::id;

    #[test]
    fn binaries_are_named_as_nextest_names_them() {
        assert_eq!(id("app", "lib", "app"), "app");
        assert_eq!(id("app-macros", "proc-macro", "app_macros"), "app-macros");
        assert_eq!(id("app", "test", "api"), "app::api");
        assert_eq!(id("app", "bin", "app"), "app::bin/app");
        assert_eq!(id("app", "example", "demo"), "app::example/demo");
        assert_eq!(id("app", "bench", "speed"), "app::bench/speed");
    }
}
