//! What the flags, the environment and the configuration file come to: [`Args`].

use std::collections::HashMap;
use std::ffi::OsString;
use std::num::{NonZeroU32, NonZeroUsize};
use std::path::PathBuf;
use std::str::FromStr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::UsageError;
use super::args::{
    Args, Choice, Color, Format, Ignored, Require, Setup, Shard, Share, Show, Thresholds,
};
use super::config::Config;
use super::duration::duration;
use super::expression::Expression;
use super::help::nearest;
use super::leaks::Leaks;
use super::low::LowArgs;
use crate::report::Reports;

/// What `-m` or its variable means; an empty text is no condition.
pub(super) fn markers(from: &str, text: &str) -> Result<Option<Expression>, String> {
    expression(from, text)
}

/// What `-k` or its variable means.
pub(super) fn keywords(from: &str, text: &str) -> Result<Option<Expression>, String> {
    let expression = expression(from, text)?;
    match expression.as_ref().and_then(Expression::check_no_arguments) {
        Some(error) => Err(format!("{from}: {error}")),
        None => Ok(expression),
    }
}

fn expression(from: &str, text: &str) -> Result<Option<Expression>, String> {
    if text.is_empty() {
        return Ok(None);
    }
    let parsed = Expression::parse(text);
    parsed.map(Some).map_err(|error| format!("{from}: {error}"))
}

/// The environment and, below it, the configuration file.
struct Settings<'a> {
    env: &'a dyn Fn(&str) -> Option<OsString>,
    config: &'a Config,
}

impl Settings<'_> {
    fn variable(&self, name: &str) -> Option<String> {
        (self.env)(name).map(|value| value.to_string_lossy().into_owned())
    }

    fn path(&self, name: &str) -> Option<PathBuf> {
        let from_file = || self.config.text(name).map(OsString::from);
        let path = (self.env)(name).or_else(from_file)?;
        (!path.is_empty()).then(|| path.into())
    }

    fn text(&self, name: &str) -> Option<String> {
        let from_file = || self.config.text(name).map(str::to_owned);
        self.variable(name).or_else(from_file)
    }

    /// Where that stands, for messages.
    fn source(&self, name: &str) -> String {
        match self.config.place(name) {
            Some(place) if self.variable(name).is_none() => place.to_owned(),
            _ => name.to_owned(),
        }
    }

    fn on(&self, name: &str) -> bool {
        self.text(name)
            .is_some_and(|value| !matches!(&*value, "" | "0"))
    }

    /// To libtest, set to nothing is on.
    fn libtest_on(&self, name: &str) -> bool {
        self.text(name).is_some_and(|value| value != "0")
    }

    fn number<T: FromStr>(&self, name: &str, wanted: &str) -> Result<Option<T>, UsageError> {
        let Some(value) = self.text(name) else {
            return Ok(None);
        };
        let refused = || format!("{} is `{value}`, should be {wanted}", self.source(name));
        value.parse().map(Some).map_err(|_| refused().into())
    }

    /// What a flag of ours means in that variable; `read` is as for the flag. Empty is unset.
    fn parsed<T>(
        &self,
        name: &str,
        read: fn(&str, &str) -> Result<T, String>,
    ) -> Result<Option<T>, UsageError> {
        match self.text(name).filter(|value| !value.is_empty()) {
            Some(value) => Ok(Some(read(&self.source(name), &value)?)),
            None => Ok(None),
        }
    }

    /// What holds for tests that may say something themselves.
    fn choice<T>(
        &self,
        flag: Option<T>,
        name: &str,
        read: fn(&str, &str) -> Result<T, String>,
    ) -> Result<Choice<T>, UsageError> {
        let value = self.parsed(name, read)?;
        let of_all = self.variable(name).is_some_and(|value| !value.is_empty());
        Ok(match (flag, value) {
            (None, Some(value)) if !of_all => Choice {
                all: None,
                default: Some(value),
            },
            (flag, value) => Choice {
                all: flag.or(value),
                default: None,
            },
        })
    }
}

/// Zero is no limit.
pub(super) fn limit(time: Duration) -> Option<Duration> {
    (!time.is_zero()).then_some(time)
}

/// After which a running test is reported as slow, as in libtest.
const SLOW: Duration = Duration::from_secs(60);

/// The profile of the configuration file.
pub(super) fn profile(low: &LowArgs, env: &dyn Fn(&str) -> Option<OsString>) -> Option<String> {
    let variable = || {
        let value = env("ITEST_PROFILE")?.to_string_lossy().into_owned();
        (!value.is_empty()).then_some(value)
    };
    low.profile.clone().or_else(variable)
}

/// What a flag means that takes a whole number.
pub(super) fn whole_number<T: FromStr>(from: &str, text: &str) -> Result<T, String> {
    let refused = |_| format!("{from} is `{text}`, should be a whole number from 0 on");
    text.parse().map_err(refused)
}

/// What a flag means that takes a duration.
pub(super) fn time(from: &str, text: &str) -> Result<Duration, String> {
    duration(text).map_err(|error| format!("{from}: {error}"))
}

/// What `ITEST_SHUFFLE` means: off, on with any seed, or a seed.
fn shuffle(from: &str, text: &str) -> Result<Option<Option<u64>>, String> {
    let refused = |_| format!("{from} is `{text}`, should be 0, 1, or a seed");
    Ok(match text.parse().map_err(refused)? {
        0 => None,
        1 => Some(None),
        seed => Some(Some(seed)),
    })
}

/// What `--leaks` means.
pub(super) fn leaks(from: &str, text: &str) -> Result<Leaks, String> {
    Leaks::parse(text).map_err(|accepted| format!("{from} should be {accepted}"))
}

/// How often `--until-fail` repeats a test where nothing else is said.
const UNTIL_FAIL: NonZeroU32 = NonZeroU32::new(1000).unwrap();

/// What `--repeat` means.
pub(super) fn repeat(from: &str, text: &str) -> Result<NonZeroU32, String> {
    let refused = |_| format!("{from} is `{text}`, should be a whole number from 1 on");
    text.parse().map_err(refused)
}

/// What `--shard` means.
pub(super) fn shard(from: &str, text: &str) -> Result<Shard, String> {
    Shard::parse(text)
        .ok_or_else(|| format!("{from} is `{text}`, should be K/N with K from 1 to N, `2/3`"))
}

/// Adds the environment and the configuration, and checks what flags mean together.
pub(super) fn resolve(
    low: LowArgs,
    env: &dyn Fn(&str) -> Option<OsString>,
    config: Config,
) -> Result<Args, UsageError> {
    let profile = profile(&low, env);
    let settings = Settings {
        env,
        config: &config,
    };
    let ignored = match (low.include_ignored, low.ignored) {
        (true, true) => {
            return Err(
                "the options --include-ignored and --ignored are mutually exclusive"
                    .to_owned()
                    .into(),
            );
        }
        (true, false) => Ignored::Include,
        (false, true) => Ignored::Only,
        (false, false) => Ignored::No,
    };
    let test_threads = match low.test_threads {
        Some(threads) => Some(threads),
        None => settings.number("RUST_TEST_THREADS", "a positive integer")?,
    };
    let shuffle_seed = match low.shuffle_seed {
        Some(seed) => Some(seed),
        None => settings.number("RUST_TEST_SHUFFLE_SEED", "a number")?,
    };
    let shuffle = settings.parsed("ITEST_SHUFFLE", shuffle)?;
    let shuffle = match (shuffle_seed, shuffle) {
        (Some(seed), _) | (None, Some(Some(Some(seed)))) => Some(seed),
        (None, Some(Some(None))) => Some(clock()),
        (None, _) if low.shuffle || settings.libtest_on("RUST_TEST_SHUFFLE") => Some(clock()),
        (None, _) => None,
    };
    check_in_order(&low)?;
    let exact = low.exact || low.in_order;
    let thresholds = match settings.text("RUST_TEST_TIME_INTEGRATION") {
        Some(value) if low.report_time || low.ensure_time => thresholds(&value)?,
        _ => Thresholds::default(),
    };
    // nextest has listed with the same settings before it asks for one test.
    let asked = settings.variable("NEXTEST_TEST_NAME");
    let selected = low.exact && matches!(&low.filters[..], [only] if asked.as_ref() == Some(only));
    let markers = match low.markers {
        Some(markers) => markers,
        None if selected => None,
        None => settings.parsed("ITEST_MARKERS", markers)?.flatten(),
    };
    if let (Some(expression), Some(declared)) = (&markers, &config.markers) {
        check_declared(expression, declared)?;
    }
    let keywords = match low.keywords {
        Some(keywords) => keywords,
        None if selected => None,
        None => settings.parsed("ITEST_KEYWORDS", keywords)?.flatten(),
    };
    let until_fail = low.until_fail || settings.on("ITEST_UNTIL_FAIL");
    let repeat = match low.repeat {
        Some(repeat) => Some(repeat),
        None => settings.parsed("ITEST_REPEAT", repeat)?,
    };
    let repeat = repeat.or(until_fail.then_some(UNTIL_FAIL));
    let max_fail = match (low.max_fail, low.fail_fast || until_fail) {
        (Some(_), true) if until_fail => Some(NonZeroUsize::MIN),
        (Some(most), _) => most,
        (None, true) => Some(NonZeroUsize::MIN),
        (None, false) => match settings.parsed("ITEST_MAX_FAIL", whole_number)? {
            Some(number) => NonZeroUsize::new(number),
            None => settings.on("ITEST_FAIL_FAST").then_some(NonZeroUsize::MIN),
        },
    };
    let timeout = settings.choice(low.timeout, "ITEST_TIMEOUT", time)?;
    let slow_timeout = match low.slow_timeout {
        Some(time) => time,
        None => settings.parsed("ITEST_SLOW_TIMEOUT", time)?.unwrap_or(SLOW),
    };
    let shard = match low.shard {
        Some(shard) => Some(shard),
        None => settings.parsed("ITEST_SHARD", shard)?,
    };
    let no_color = settings
        .variable("NO_COLOR")
        .is_some_and(|value| !value.is_empty());

    Ok(Args {
        places: places(&low.filters, exact),
        in_order: low.in_order,
        filters: low.filters,
        skip: low.skip,
        markers,
        keywords,
        exact,
        ignored,
        exclude_should_panic: low.exclude_should_panic,
        bench: low.bench && !low.test,
        list: low.list,
        max_fail,
        timeout: Choice {
            all: timeout.all.map(limit),
            default: timeout.default.map(limit),
        },
        retries: settings.choice(low.retries, "ITEST_RETRIES", whole_number)?,
        leaks: settings.choice(low.leaks, "ITEST_LEAKS", leaks)?,
        slow_timeout: limit(slow_timeout),
        strict_xfail: low.strict_xfail || settings.on("ITEST_STRICT_XFAIL"),
        last_failed: low.last_failed || (!selected && settings.on("ITEST_LAST_FAILED")),
        failed_first: !low.in_order && (low.failed_first || settings.on("ITEST_FAILED_FIRST")),
        repeat: repeat.map_or(1, u32::from),
        shard: shard.filter(|_| !selected),
        sharded: shard.is_some(),
        test_threads: match low.in_order {
            true => Some(NonZeroUsize::MIN),
            false => test_threads,
        },
        capture: !(low.no_capture || settings.libtest_on("RUST_TEST_NOCAPTURE")),
        show_output: low.show_output || settings.on("ITEST_SHOW_OUTPUT"),
        format: low.format.unwrap_or(match low.quiet {
            true => Format::Terse,
            false => Format::Pretty,
        }),
        color: match low.color {
            None | Some(Color::Auto) if no_color => Color::Never,
            color => color.unwrap_or(Color::Auto),
        },
        logfile: low.logfile,
        report_time: (low.report_time || low.ensure_time).then_some(thresholds),
        ensure_time: low.ensure_time.then_some(thresholds.critical),
        shuffle: shuffle.filter(|_| !low.in_order),
        require: match low.require {
            _ if low.fail_on_skip || settings.on("ITEST_FAIL_ON_SKIP") => Require::Any,
            Some(require) => require,
            None => Require::from(&*settings.text("ITEST_REQUIRE").unwrap_or_default()),
        },
        in_process: low.in_process || settings.on("ITEST_IN_PROCESS"),
        setup: match (low.setup, settings.text("ITEST_SETUP").as_deref()) {
            (Some(setup), _) => setup,
            (None, None | Some("")) => Setup::default(),
            (None, Some(value)) => Setup::parse(value).map_err(|accepted| {
                format!("{} should be {accepted}", settings.source("ITEST_SETUP"))
            })?,
        },
        share: match (low.share, settings.text("ITEST_SHARE").as_deref()) {
            (Some(share), _) => share,
            (None, None | Some("")) => Share::default(),
            (None, Some(value)) => Share::parse(value).map_err(|accepted| {
                format!("{} should be {accepted}", settings.source("ITEST_SHARE"))
            })?,
        },
        nextest_teardown: low.nextest_teardown || settings.on("ITEST_NEXTEST_TEARDOWN"),
        setup_show: low.setup_show || settings.on("ITEST_SETUP_SHOW"),
        durations: match low.durations {
            Some(durations) => durations,
            None => settings.number("ITEST_DURATIONS", "a number")?.unwrap_or(0),
        },
        github: settings
            .variable("GITHUB_ACTIONS")
            .is_some_and(|value| value == "true"),
        github_summary: settings.path("GITHUB_STEP_SUMMARY"),
        reports: reports(low.reports, &settings),
        overrides: config.overrides,
        profile,
        guard: config.guard,
        show: match (low.fixtures, low.setup_plan) {
            (true, true) => {
                return Err(
                    "the options --fixtures and --setup-plan are mutually exclusive"
                        .to_owned()
                        .into(),
                );
            }
            (true, false) => Some(Show::Fixtures),
            (false, true) => Some(Show::SetupPlan),
            (false, false) => None,
        },
    })
}

/// `--in-order` is an order, and names tests.
fn check_in_order(low: &LowArgs) -> Result<(), UsageError> {
    if !low.in_order {
        return Ok(());
    }
    let other = match low {
        low if low.shuffle || low.shuffle_seed.is_some() => "--shuffle",
        low if low.failed_first => "--failed-first",
        low if low.test_threads.is_some_and(|threads| threads.get() > 1) => "--test-threads",
        low if low.filters.is_empty() => {
            return Err(UsageError {
                message: "--in-order needs the names of tests".to_owned(),
                help: Some("cargo test -- --in-order FIRST SECOND".to_owned()),
            });
        }
        _ => return Ok(()),
    };
    Err(format!("the options --in-order and {other} are mutually exclusive").into())
}

/// Of whole names, each with its first place.
fn places(filters: &[String], exact: bool) -> HashMap<String, usize> {
    let mut places = HashMap::new();
    for (place, name) in filters.iter().enumerate().filter(|_| exact) {
        places.entry(name.clone()).or_insert(place);
    }
    places
}

/// Adds what variables ask for.
fn reports(given: Reports, settings: &Settings<'_>) -> Reports {
    let path = |given: Option<PathBuf>, name| given.or_else(|| settings.path(name));
    let [events, junit, html, ctrf, trace] = Reports::VARIABLES;
    Reports {
        events: path(given.events, events),
        junit: path(given.junit, junit),
        html: path(given.html, html),
        ctrf: path(given.ctrf, ctrf),
        trace: path(given.trace, trace),
    }
}

/// Where the configuration declares markers, there are no others.
fn check_declared(
    expression: &Expression,
    declared: &[(String, String)],
) -> Result<(), UsageError> {
    let names = || declared.iter().map(|(name, _)| &**name);
    let Some(error) = expression.check_names(&|name| names().any(|known| known == name)) else {
        return Ok(());
    };
    let written = expression.name_at(error.column).unwrap_or_default();
    let help = match nearest(written, names()) {
        Some(name) => format!("there is a marker with a similar name: `{name}`"),
        None => {
            let declared: Vec<String> = names().map(|name| format!("`{name}`")).collect();
            format!("`.config/itest.toml` declares {}", declared.join(", "))
        }
    };
    Err(UsageError {
        message: format!("-m: {error}"),
        help: Some(help),
    })
}

/// What `RUST_TEST_TIME_INTEGRATION` says, `500,1000` for instance.
fn thresholds(value: &str) -> Result<Thresholds, UsageError> {
    const NAME: &str = "RUST_TEST_TIME_INTEGRATION";
    let Some((warn, critical)) = value.split_once(',') else {
        return Err(format!(
            "Duration variable {NAME} expected to have 2 numbers separated by comma, but got {value}"
        )
        .into());
    };
    let millis = |text: &str| match text.parse() {
        Ok(millis) => Ok(Duration::from_millis(millis)),
        Err(_) => Err(format!(
            "Duration value in variable {NAME} is expected to be a number, but got {text}"
        )),
    };
    let (warn, critical) = (millis(warn)?, millis(critical)?);
    if warn > critical {
        return Err(
            "Test execution warn time should be less or equal to the critical time"
                .to_owned()
                .into(),
        );
    }
    Ok(Thresholds { warn, critical })
}

/// A seed that differs from run to run.
fn clock() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    // The low bits are the ones that change.
    since.map_or(0, |since| since.as_nanos() as u64)
}
