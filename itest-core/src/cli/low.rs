//! [`LowArgs`]: the flags as they were given, each value checked by itself.

use std::ffi::OsString;
use std::num::{NonZeroU32, NonZeroUsize};
use std::path::PathBuf;
use std::time::Duration;

use lexopt::{Arg, Error, Parser};

use super::UsageError;
use super::args::{Color, Format, Require, Setup, Shard, Share};
use super::expression::Expression;
use super::flags::{FLAGS, Takes};
use super::help;
use super::leaks::Leaks;
use crate::report::Reports;

/// What stands on the command line.
#[derive(Debug, Default)]
pub(super) struct LowArgs {
    pub(super) help: bool,
    pub(super) filters: Vec<String>,
    pub(super) skip: Vec<String>,
    pub(super) exact: bool,
    pub(super) include_ignored: bool,
    pub(super) ignored: bool,
    pub(super) exclude_should_panic: bool,
    pub(super) test: bool,
    pub(super) bench: bool,
    pub(super) list: bool,
    pub(super) fail_fast: bool,
    pub(super) test_threads: Option<NonZeroUsize>,
    pub(super) no_capture: bool,
    pub(super) show_output: bool,
    pub(super) quiet: bool,
    pub(super) format: Option<Format>,
    pub(super) color: Option<Color>,
    pub(super) logfile: Option<PathBuf>,
    pub(super) report_time: bool,
    pub(super) ensure_time: bool,
    pub(super) shuffle: bool,
    pub(super) shuffle_seed: Option<u64>,
    pub(super) in_order: bool,
    pub(super) profile: Option<String>,
    pub(super) markers: Option<Option<Expression>>,
    pub(super) keywords: Option<Option<Expression>>,
    pub(super) require: Option<Require>,
    pub(super) retries: Option<u32>,
    pub(super) timeout: Option<Duration>,
    pub(super) slow_timeout: Option<Duration>,
    /// Without a number there is no limit.
    pub(super) max_fail: Option<Option<NonZeroUsize>>,
    pub(super) fail_on_skip: bool,
    pub(super) strict_xfail: bool,
    pub(super) last_failed: bool,
    pub(super) failed_first: bool,
    pub(super) repeat: Option<NonZeroU32>,
    pub(super) until_fail: bool,
    pub(super) shard: Option<Shard>,
    pub(super) leaks: Option<Leaks>,
    pub(super) in_process: bool,
    pub(super) setup: Option<Setup>,
    pub(super) share: Option<Share>,
    pub(super) nextest_teardown: bool,
    pub(super) setup_show: bool,
    pub(super) durations: Option<usize>,
    pub(super) reports: Reports,
    pub(super) fixtures: bool,
    pub(super) setup_plan: bool,
}

/// Sorts the arguments into flags, their values, and filters.
pub(super) fn parse(args: impl IntoIterator<Item = OsString>) -> Result<LowArgs, UsageError> {
    let mut low = LowArgs::default();
    let mut parser = Parser::from_iter(args);
    // As in getopts, which libtest uses, `-h=1` is `-h`, `-=` and `-1`.
    parser.set_short_equals(false);

    let mut given = Vec::new();
    while let Some(arg) = parser.next()? {
        let (flag, written) = match arg {
            Arg::Value(filter) => {
                low.filters.push(text(filter)?);
                continue;
            }
            Arg::Long(name) => (
                FLAGS
                    .iter()
                    .find(|flag| !name.is_empty() && flag.name == name),
                name.to_owned(),
            ),
            Arg::Short(short) => (
                FLAGS.iter().find(|flag| flag.short == Some(short)),
                short.to_string(),
            ),
        };
        let Some(flag) = flag else {
            return Err(UsageError {
                message: format!("Unrecognized option: '{written}'"),
                help: help::similar(&written)
                    .map(|flag| format!("there is an option with a similar name: `--{flag}`")),
            });
        };
        let label = flag.label();
        if !flag.repeatable && given.contains(&label) {
            return Err(format!("Option '{label}' given more than once").into());
        }
        given.push(label);
        match flag.takes {
            Takes::Nothing(store) => store(&mut low),
            Takes::Value(_, store) => store(&mut low, parser.value()?)?,
            Takes::Optional(_, store) => store(&mut low, parser.optional_value())?,
        }
    }
    Ok(low)
}

/// In libtest's words.
impl From<Error> for UsageError {
    fn from(error: Error) -> Self {
        let undashed = |option: &str| option.trim_start_matches('-').to_owned();
        match error {
            Error::MissingValue {
                option: Some(option),
            } => format!("Argument to option '{}' missing", undashed(&option)),
            Error::UnexpectedValue { option, .. } => {
                format!("Option '{}' does not take an argument", undashed(&option))
            }
            other => other.to_string(),
        }
        .into()
    }
}

/// An argument that must be text because it is compared with text.
pub(super) fn text(value: OsString) -> Result<String, String> {
    value
        .into_string()
        .map_err(|value| format!("argument `{}` is not Unicode", value.to_string_lossy()))
}
