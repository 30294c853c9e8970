//! `cargo itest completions`: scripts that complete its command line, made from the tables of flags.
//!
//! The scripts know commands, flags and the values that flags list. What a workspace has they ask
//! for with [`ARGUMENT`]: see [`workspace`].

mod bash;
mod fish;
mod workspace;
mod zsh;

use std::ffi::OsString;
use std::io::{self, Write};
use std::process::ExitCode;

use super::Stop;
use super::flags::{FLAGS, Goes};
use super::words::Words;
use crate::cli;

/// The first argument of a process that is asked for names; their kind follows.
const ARGUMENT: &str = "--itest-complete";

/// Prints the script for a shell.
pub(super) fn completions(words: &Words) -> Result<ExitCode, Stop> {
    let script = match words.args.filters.as_slice() {
        [shell] => match shell.as_str() {
            "bash" => bash::script(),
            "zsh" => zsh::script(),
            "fish" => fish::script(),
            other => {
                return Err(Stop::Error(format!(
                    "unknown shell `{other}`\n  help: one of `bash`, `zsh`, `fish`"
                )));
            }
        },
        _ => {
            return Err(Stop::Error(
                "for which shell?\n  help: cargo itest completions bash|zsh|fish".to_owned(),
            ));
        }
    };
    io::stdout().write_all(script.as_bytes())?;
    Ok(ExitCode::SUCCESS)
}

/// Gives a script the names that it asks for. An error is said to nobody: somebody is typing.
pub(super) fn answer_if_asked(words: &[OsString]) -> Option<ExitCode> {
    let [_, argument, kind] = words else {
        return None;
    };
    if argument != ARGUMENT {
        return None;
    }
    let names = kind.to_str().and_then(workspace::names).unwrap_or_default();
    let mut out = io::stdout().lock();
    let written = names.iter().try_for_each(|name| writeln!(out, "{name}"));
    Some(ExitCode::from(u8::from(written.is_err())))
}

/// A flag, as scripts see it.
struct Completed {
    name: &'static str,
    short: Option<char>,
    value: Value,
    repeatable: bool,
    /// In one line.
    help: String,
}

/// What follows a flag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Value {
    Nothing,
    /// May be left out; only behind `=`.
    Optional(&'static str),
    /// One of these, between bars.
    OneOf(&'static str),
    /// What [`workspace::names`] has of that kind.
    Names(&'static str),
    File(&'static str),
    Directory(&'static str),
    /// Nobody knows which.
    Other(&'static str),
}

impl Value {
    fn of(flag: &str, value: &'static str) -> Self {
        match (value, flag) {
            ("SPEC", _) => Value::Names("packages"),
            ("NAME", "test") => Value::Names("test"),
            ("NAME", "bin") => Value::Names("bin"),
            ("NAME", "example") => Value::Names("example"),
            ("NAME", "bench") => Value::Names("bench"),
            ("FILE" | "PATH", _) => Value::File(value),
            ("DIR", _) => Value::Directory(value),
            _ if value.contains('|') => Value::OneOf(value),
            _ => Value::Other(value),
        }
    }
}

impl Completed {
    /// All ways to write it.
    fn written(&self) -> Vec<String> {
        let short = self.short.map(|short| format!("-{short}"));
        short
            .into_iter()
            .chain([format!("--{}", self.name)])
            .collect()
    }
}

/// Those of cargo and our own.
fn of_cargo() -> Vec<Completed> {
    let shown = FLAGS.iter().filter(|flag| !flag.help.is_empty());
    let option = |flag: &super::flags::Flag| Completed {
        name: flag.name,
        short: flag.short,
        value: match flag.value {
            None => Value::Nothing,
            Some(value) => Value::of(flag.name, value),
        },
        repeatable: matches!(flag.goes, Goes::Selects | Goes::ToCargo),
        help: flag.help.to_owned(),
    };
    shown.map(option).collect()
}

/// Those of test binaries.
fn of_tests() -> Vec<Completed> {
    let option = |flag: cli::Described| Completed {
        name: flag.name,
        short: flag.short,
        value: match flag.value {
            None => Value::Nothing,
            Some((value, true)) => Value::Optional(value),
            Some((value, false)) => Value::of(flag.name, value),
        },
        repeatable: flag.repeatable,
        help: flag.help.lines().collect::<Vec<_>>().join(" "),
    };
    cli::described().map(option).collect()
}

/// Those that may stand before `--`: of equal ones cargo's.
fn all() -> Vec<Completed> {
    let mut all = of_cargo();
    for option in of_tests() {
        if all.iter().all(|known| known.name != option.name) {
            all.push(option);
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::super::words::Command;
    use super::*;

    /// Every flag and command that can be given is in every script.
    #[test]
    fn scripts_have_every_flag() {
        let scripts = [bash::script(), zsh::script(), fish::script()];
        let all = all();
        assert!(all.len() > 70, "{}", all.len());
        for (shell, script) in ["bash", "zsh", "fish"].iter().zip(&scripts) {
            let has = |word: &str| {
                script
                    .split(|c: char| !(c.is_ascii_alphanumeric() || "-_".contains(c)))
                    .any(|found| found == word)
            };
            for option in &all {
                let long = match *shell {
                    "fish" => option.name.to_owned(),
                    _ => format!("--{}", option.name),
                };
                assert!(has(&long), "{shell}: {long}");
            }
            for command in Command::ALL {
                assert!(has(command.name()), "{shell}: {}", command.name());
            }
            assert!(!has("nocapture") && !has("--nocapture"), "it is not shown");
        }
    }

    #[test]
    fn values_are_told_apart() {
        let value = |name: &str| {
            let all = all();
            let option = all.iter().find(|option| option.name == name);
            option.map(|option| option.value)
        };
        assert_eq!(value("package"), Some(Value::Names("packages")));
        assert_eq!(value("test"), Some(Value::Names("test")));
        assert_eq!(value("color"), Some(Value::OneOf("auto|always|never")));
        assert_eq!(value("html"), Some(Value::File("FILE")));
        assert_eq!(value("target-dir"), Some(Value::Directory("DIR")));
        assert_eq!(value("shuffle"), Some(Value::Optional("SEED")));
        assert_eq!(value("retries"), Some(Value::Other("N")));
        assert_eq!(value("lib"), Some(Value::Nothing));
    }
}
