//! The command line: [`parse`] turns arguments and environment into [`Args`].
//!
//! Four steps, one file each: the table of flags (`flags`), the flags as they were given
//! (`low`), what they come to together with the environment and the configuration file
//! (`resolve`, [`config`]), and what that means for tests ([`args`](self::args)). Nothing here prints or knows the tests, and no file but
//! that one is read.
//!
//! A superset of libtest's command line. What libtest refuses is refused with libtest's words,
//! except that its unstable options need no `-Z unstable-options`.

mod args;
pub(crate) mod config;
mod duration;
mod expression;
mod flags;
#[cfg(fuzzing)]
pub(crate) mod fuzzing;
#[cfg(feature = "cli")]
mod given;
mod help;
mod leaks;
mod low;
mod resolve;

use std::ffi::OsString;
use std::fmt;

pub(crate) use args::{Args, Format, Ignored, Require, Setup, Shard, Share, Show, Thresholds};
#[cfg(feature = "cli")]
pub(crate) use given::{kept, takes_value, variables, without};
#[cfg(feature = "cli")]
pub(crate) use help::nearest;
pub(crate) use leaks::{Leaks, Level};

/// What the command line asks for.
#[derive(Debug)]
pub(crate) enum Parsed {
    /// To run or list tests.
    Run(Box<Args>),
    /// To print this text to stdout, and nothing else.
    Help(String),
}

/// Reads a command line, the program's name first, and the variables that stand for flags.
///
/// A flag wins over its variable, and that over the configuration file.
pub(crate) fn parse(
    args: impl IntoIterator<Item = OsString>,
    env: &dyn Fn(&str) -> Option<OsString>,
) -> Result<Parsed, UsageError> {
    let low = low::parse(args)?;
    if low.help {
        return Ok(Parsed::Help(help::text()));
    }
    let profile = resolve::profile(&low, env);
    let config = config::Config::load(env, profile.as_deref())?;
    resolve::resolve(low, env, config).map(|args| Parsed::Run(Box::new(args)))
}

/// The text of `--help`.
#[cfg(feature = "cli")]
pub(crate) fn help() -> String {
    help::text()
}

/// A flag as completions need it.
#[cfg(feature = "cli")]
#[derive(Debug, Clone, Copy)]
pub(crate) struct Described {
    pub(crate) name: &'static str,
    pub(crate) short: Option<char>,
    /// The name of its value, which may be left out if the second is `true`.
    pub(crate) value: Option<(&'static str, bool)>,
    pub(crate) repeatable: bool,
    /// In several lines.
    pub(crate) help: &'static str,
}

/// The flags that `--help` shows and that have a long form.
#[cfg(feature = "cli")]
pub(crate) fn described() -> impl Iterator<Item = Described> {
    let shown = flags::FLAGS.iter();
    let shown = shown.filter(|flag| !flag.name.is_empty() && !flag.help.is_empty());
    shown.map(|flag| Described {
        name: flag.name,
        short: flag.short,
        value: match flag.takes {
            flags::Takes::Nothing(_) => None,
            flags::Takes::Value(of, _) => Some((of, false)),
            flags::Takes::Optional(of, _) => Some((of, true)),
        },
        repeatable: flag.repeatable,
        help: flag.help,
    })
}

/// What an empty command line means, whatever the environment says.
#[cfg(feature = "cli")]
pub(crate) fn no_args() -> Args {
    let resolved = resolve::resolve(
        low::LowArgs::default(),
        &|_| None,
        config::Config::default(),
    );
    resolved.expect("itest bug: nothing cannot be followed")
}

/// A command line that cannot be followed: printed to stderr, exit code 101, nothing is run.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct UsageError {
    message: String,
    help: Option<String>,
}

impl From<String> for UsageError {
    fn from(message: String) -> Self {
        UsageError {
            message,
            help: None,
        }
    }
}

impl fmt::Display for UsageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error: {}", self.message)?;
        match &self.help {
            Some(help) => write!(f, "\n  help: {help}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for UsageError {}

#[cfg(test)]
mod tests;
