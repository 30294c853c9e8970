//! [`Args`]: what the command line and the environment mean together.

use std::ffi::OsString;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::UsageError;
use super::low::LowArgs;
use crate::report::Reports;

/// What is to be done, and how.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Args {
    /// A test is selected if one of them matches, or if there is none.
    pub(crate) filters: Vec<String>,
    /// A test is left out if one of them matches.
    pub(crate) skip: Vec<String>,
    /// `filters` and `skip` are whole names.
    pub(crate) exact: bool,
    /// What to do with `#[ignore]`d tests.
    pub(crate) ignored: Ignored,
    /// Leave out tests that must panic.
    pub(crate) exclude_should_panic: bool,
    /// `--bench` without `--test`: tests are ignored instead of run.
    pub(crate) bench: bool,
    /// List the tests instead of running them.
    pub(crate) list: bool,
    /// Start no more tests after a failure.
    pub(crate) fail_fast: bool,
    /// As asked for; `None` leaves it to us.
    pub(crate) test_threads: Option<NonZeroUsize>,
    /// Keep what tests print, for the report.
    pub(crate) capture: bool,
    /// Report what successful tests printed, too.
    pub(crate) show_output: bool,
    /// How to report.
    pub(crate) format: Format,
    /// When to report in colour.
    pub(crate) color: Color,
    /// Where to write libtest's log.
    pub(crate) logfile: Option<PathBuf>,
    /// Report how long tests took, in colour beyond these.
    pub(crate) report_time: Option<Thresholds>,
    /// Tests that take this long or longer fail.
    pub(crate) ensure_time: Option<Duration>,
    /// The seed of a random order.
    pub(crate) shuffle: Option<u64>,
    /// Which skips are failures.
    pub(crate) require: Require,
    /// No workers.
    pub(crate) in_process: bool,
    /// When to set up session fixtures.
    pub(crate) setup: Setup,
    /// Report fixtures' setup and teardown.
    pub(crate) setup_show: bool,
    /// Report so many of the slowest tests and fixtures.
    pub(crate) durations: usize,
    /// Report to GitHub Actions, which run this.
    pub(crate) github: bool,
    /// Where GitHub takes the summary of a step.
    pub(crate) github_summary: Option<PathBuf>,
    /// Reports that go to files.
    pub(crate) reports: Reports,
}

/// What to do with `#[ignore]`d tests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ignored {
    /// Report them as ignored.
    No,
    /// Run them like the others.
    Include,
    /// Run them and leave out the others.
    Only,
}

/// How to report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// A line per test.
    Pretty,
    /// A character per test.
    Terse,
    /// libtest's events.
    Json,
    /// A document for CI.
    Junit,
}

/// When to report in colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Color {
    /// On a terminal.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// When session fixtures are set up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Setup {
    /// At the start, at the same time, those that a test needs; not where there is one thread.
    #[default]
    Early,
    /// Each when a test needs it.
    Lazy,
}

impl Setup {
    /// The error is what is accepted instead.
    pub(super) fn parse(value: &str) -> Result<Self, String> {
        match value {
            "early" => Ok(Setup::Early),
            "lazy" => Ok(Setup::Lazy),
            other => Err(format!("early or lazy (was {other})")),
        }
    }
}

/// From when on a test's time is coloured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Thresholds {
    /// Yellow.
    pub(crate) warn: Duration,
    /// Red.
    pub(crate) critical: Duration,
}

/// Which skips are failures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Require {
    /// None.
    Nothing,
    /// Every one that another machine would not have.
    All,
    /// Those that depend on one of these.
    Names(Vec<String>),
}

impl Args {
    /// Whether the name filters select a test.
    ///
    /// `base` is the name of the function where `name` is an instance of it, `base::case_1` or
    /// `base[sqlite]`: with `--exact` the whole name selects one instance, and `base` all of them.
    pub(crate) fn selects(&self, name: &str, base: Option<&str>) -> bool {
        let matches = |filter: &String| match (self.exact, base) {
            (false, _) => name.contains(filter.as_str()),
            (true, None) => name == filter,
            (true, Some(base)) => name == filter || stands_for(filter, name, base),
        };
        (self.filters.is_empty() || self.filters.iter().any(matches))
            && !self.skip.iter().any(matches)
    }

    /// Whether the flags about attributes leave a test in the selection.
    pub(crate) fn admits(&self, ignored: bool, should_panic: bool) -> bool {
        (ignored || self.ignored != Ignored::Only) && !(should_panic && self.exclude_should_panic)
    }

    /// Whether a selected test is run, in contrast to reported as ignored.
    pub(crate) fn runs(&self, ignored: bool) -> bool {
        !self.bench && (!ignored || self.ignored != Ignored::No)
    }
}

/// Whether `filter` is `base`, or `base` with some of the parameters of `name`.
fn stands_for(filter: &str, name: &str, base: &str) -> bool {
    filter.len() >= base.len()
        && name
            .strip_prefix(filter)
            .is_some_and(|rest| rest.starts_with("::") || rest.starts_with('['))
}

impl Color {
    /// Whether to colour, given whether the output is a terminal.
    pub(crate) fn on(self, terminal: bool) -> bool {
        match self {
            Color::Auto => terminal,
            Color::Always => true,
            Color::Never => false,
        }
    }
}

impl Require {
    /// Whether a skip that depends on `subjects` is a failure instead.
    pub(crate) fn covers<S: AsRef<str>>(&self, subjects: &[S]) -> bool {
        match self {
            Require::Nothing => false,
            Require::All => !subjects.is_empty(),
            Require::Names(names) => subjects
                .iter()
                .any(|subject| names.iter().any(|name| name == subject.as_ref())),
        }
    }
}

/// `1` and `all` are everything, `0` and nothing are nothing, the rest are names.
impl From<&str> for Require {
    fn from(value: &str) -> Self {
        match value.trim() {
            "" | "0" => Require::Nothing,
            "1" | "all" => Require::All,
            names => Require::Names(
                names
                    .split(',')
                    .map(str::trim)
                    .filter(|name| !name.is_empty())
                    .map(str::to_owned)
                    .collect(),
            ),
        }
    }
}

impl Default for Thresholds {
    /// libtest's for integration tests.
    fn default() -> Self {
        Thresholds {
            warn: Duration::from_millis(500),
            critical: Duration::from_millis(1000),
        }
    }
}

/// Adds the environment, and checks what flags mean together.
pub(super) fn resolve(
    low: LowArgs,
    env: &dyn Fn(&str) -> Option<OsString>,
) -> Result<Args, UsageError> {
    let variable = |name| env(name).map(|value| value.to_string_lossy().into_owned());
    let on = |name| variable(name).is_some_and(|value| !matches!(&*value, "" | "0"));
    // To libtest, set to nothing is on.
    let libtest_on = |name| variable(name).is_some_and(|value| value != "0");

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
        None => number(variable, "RUST_TEST_THREADS", "a positive integer")?,
    };
    let shuffle_seed = match low.shuffle_seed {
        Some(seed) => Some(seed),
        None => number(variable, "RUST_TEST_SHUFFLE_SEED", "a number")?,
    };
    let thresholds = match variable("RUST_TEST_TIME_INTEGRATION") {
        Some(value) if low.report_time || low.ensure_time => thresholds(&value)?,
        _ => Thresholds::default(),
    };
    let no_color = variable("NO_COLOR").is_some_and(|value| !value.is_empty());

    Ok(Args {
        filters: low.filters,
        skip: low.skip,
        exact: low.exact,
        ignored,
        exclude_should_panic: low.exclude_should_panic,
        bench: low.bench && !low.test,
        list: low.list,
        fail_fast: low.fail_fast,
        test_threads,
        capture: !(low.no_capture || libtest_on("RUST_TEST_NOCAPTURE")),
        show_output: low.show_output,
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
        shuffle: match shuffle_seed {
            None if low.shuffle || libtest_on("RUST_TEST_SHUFFLE") => Some(clock()),
            seed => seed,
        },
        require: match low.require {
            Some(require) => require,
            None => Require::from(&*variable("ITEST_REQUIRE").unwrap_or_default()),
        },
        in_process: low.in_process || on("ITEST_IN_PROCESS"),
        setup: match (low.setup, variable("ITEST_SETUP").as_deref()) {
            (Some(setup), _) => setup,
            (None, None | Some("")) => Setup::default(),
            (None, Some(value)) => Setup::parse(value)
                .map_err(|accepted| format!("ITEST_SETUP should be {accepted}"))?,
        },
        setup_show: low.setup_show || on("ITEST_SETUP_SHOW"),
        durations: match low.durations {
            Some(durations) => durations,
            None => number(variable, "ITEST_DURATIONS", "a number")?.unwrap_or(0),
        },
        github: variable("GITHUB_ACTIONS").is_some_and(|value| value == "true"),
        github_summary: env("GITHUB_STEP_SUMMARY")
            .filter(|path| !path.is_empty())
            .map(PathBuf::from),
        reports: reports(low.reports, env),
    })
}

/// Adds what variables ask for.
fn reports(given: Reports, env: &dyn Fn(&str) -> Option<OsString>) -> Reports {
    let path = |given: Option<PathBuf>, name| {
        let from_variable = || env(name).filter(|path| !path.is_empty()).map(PathBuf::from);
        given.or_else(from_variable)
    };
    let [events, junit, html, ctrf, trace] = Reports::VARIABLES;
    Reports {
        events: path(given.events, events),
        junit: path(given.junit, junit),
        html: path(given.html, html),
        ctrf: path(given.ctrf, ctrf),
        trace: path(given.trace, trace),
    }
}

fn number<T: std::str::FromStr>(
    variable: impl Fn(&'static str) -> Option<String>,
    name: &'static str,
    wanted: &str,
) -> Result<Option<T>, UsageError> {
    let Some(value) = variable(name) else {
        return Ok(None);
    };
    match value.parse() {
        Ok(number) => Ok(Some(number)),
        Err(_) => Err(format!("{name} is `{value}`, should be {wanted}").into()),
    }
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
