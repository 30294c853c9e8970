//! [`Args`]: what the command line and the environment mean together.

use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use super::config::{Guard, Override};
use super::expression::Expression;
use super::leaks::Leaks;
use super::resolve::limit;
use crate::def::Marker;
use crate::report::Reports;

/// What is to be done, and how.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Args {
    /// A test is selected if one of them matches, or if there is none.
    pub(crate) filters: Vec<String>,
    /// A test is left out if one of them matches.
    pub(crate) skip: Vec<String>,
    /// A test is left out unless it holds for its markers.
    pub(crate) markers: Option<Expression>,
    /// A test is left out unless it holds for its name and the names of its markers.
    pub(crate) keywords: Option<Expression>,
    /// `filters` and `skip` are whole names.
    pub(crate) exact: bool,
    /// The place of each filter among all, where they are whole names.
    pub(crate) places: HashMap<String, usize>,
    /// Tests run in the order of the filters.
    pub(crate) in_order: bool,
    /// What to do with `#[ignore]`d tests.
    pub(crate) ignored: Ignored,
    /// Leave out tests that must panic.
    pub(crate) exclude_should_panic: bool,
    /// `--bench` without `--test`: tests are ignored instead of run.
    pub(crate) bench: bool,
    /// List the tests instead of running them.
    pub(crate) list: bool,
    /// Start no more tests after so many failures.
    pub(crate) max_fail: Option<NonZeroUsize>,
    /// Of every attempt of a test.
    pub(crate) timeout: Choice<Option<Duration>>,
    /// Further attempts after a failed one.
    pub(crate) retries: Choice<u32>,
    /// What tests must not leave behind.
    pub(crate) leaks: Choice<Leaks>,
    /// Settings of some tests, the most important ones first.
    pub(crate) overrides: Vec<Override>,
    /// After which a running test is reported as slow.
    pub(crate) slow_timeout: Option<Duration>,
    /// An unexpected pass is a failure, unless the test says that it is not.
    pub(crate) strict_xfail: bool,
    /// Only tests that failed the last time.
    pub(crate) last_failed: bool,
    /// Those that failed the last time go first.
    pub(crate) failed_first: bool,
    /// How often each test runs.
    pub(crate) repeat: u32,
    /// Only a part of the tests.
    pub(crate) shard: Option<Shard>,
    /// The run, of which this process may be a part, is that of a shard.
    pub(crate) sharded: bool,
    /// That of `.config/itest.toml` which was asked for.
    pub(crate) profile: Option<String>,
    /// What keeps tests from running at all.
    pub(crate) guard: Guard,
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
    /// With whom to share session fixtures.
    pub(crate) share: Share,
    /// Under nextest, a last test tears the session down.
    pub(crate) nextest_teardown: bool,
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
    /// What to show instead of running tests.
    pub(crate) show: Option<Show>,
}

/// What is known of a binary without running its tests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Show {
    /// Its fixtures.
    Fixtures,
    /// What would be set up, run and torn down.
    SetupPlan,
}

/// One of several machines' parts of the tests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Shard {
    /// From 1.
    pub(crate) number: usize,
    pub(crate) of: usize,
}

/// What holds for tests that may say something themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Choice<T> {
    /// Whatever the test says: from the command line or a variable.
    pub(crate) all: Option<T>,
    /// Where the test says nothing: from the configuration file.
    pub(crate) default: Option<T>,
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

/// Which test binaries share session fixtures where no other runner than cargo says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Share {
    /// None: each has a session of its own.
    #[default]
    Binary,
    /// All that one `cargo test` runs.
    Cargo,
}

impl Share {
    /// The error is what is accepted instead.
    pub(super) fn parse(value: &str) -> Result<Self, String> {
        match value {
            "binary" => Ok(Share::Binary),
            "cargo" => Ok(Share::Cargo),
            other => Err(format!("binary or cargo (was {other})")),
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
    /// Every one.
    Any,
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
        let is_named = match self.exact {
            true => self.place(name, base).is_some(),
            false => self.filters.iter().any(matches),
        };
        (is_named || self.filters.is_empty()) && !self.skip.iter().any(matches)
    }

    /// Which of the filters selects a test, if they are whole names; found at once, however many
    /// there are. See [`selects`](Self::selects) for `base`.
    pub(crate) fn place(&self, name: &str, base: Option<&str>) -> Option<usize> {
        if let Some(place) = self.places.get(name) {
            return Some(*place);
        }
        let base = base?.len();
        let ends = name.match_indices("::").chain(name.match_indices('['));
        let ends = ends.map(|(end, _)| end).filter(|end| *end >= base);
        let found = ends.filter_map(|end| Some((end, *self.places.get(&name[..end])?)));
        found.max().map(|(_, place)| place)
    }

    /// The names that `--exact` asks for, if it asks for any.
    pub(crate) fn exact_names(&self) -> Option<&[String]> {
        (self.exact && !self.filters.is_empty()).then_some(&*self.filters)
    }

    /// The time limit and the retries of every test that says nothing itself, where all of those
    /// are selected and have the same.
    pub(crate) fn for_all(&self) -> Option<(Option<Duration>, u32)> {
        let selects_all = self.filters.is_empty()
            && self.skip.is_empty()
            && self.markers.is_none()
            && self.keywords.is_none();
        let usual = || (self.timeout("", &[], None), self.retries("", &[], None));
        (selects_all && self.overrides.is_empty()).then(usual)
    }

    /// Whether `-m` and `-k` select a test.
    ///
    /// `markers` is asked for only where they matter.
    pub(crate) fn selects_marked(
        &self,
        name: &str,
        markers: impl FnOnce() -> Vec<&'static Marker>,
    ) -> bool {
        if self.markers.is_none() && self.keywords.is_none() {
            return true;
        }
        let of_test = markers();
        let keywords = self.keywords.as_ref();
        let markers = self.markers.as_ref();
        markers.is_none_or(|expression| expression.holds_for_markers(&of_test))
            && keywords.is_none_or(|expression| expression.holds_for_keywords(name, &of_test))
    }

    /// How long an attempt of a test may take.
    ///
    /// What the command line or a variable says holds for all tests. Then comes what is said of
    /// single tests, by the configuration file before the attributes, and last the file's default.
    pub(crate) fn timeout(
        &self,
        name: &str,
        markers: &[&Marker],
        attribute: Option<Duration>,
    ) -> Option<Duration> {
        let of_test = || {
            let from_file = self.overridden(name, markers, |it| it.timeout);
            from_file.or(attribute).map(limit)
        };
        let chosen = self.timeout.all.or_else(of_test);
        chosen.or(self.timeout.default).flatten()
    }

    /// How many more attempts a failed test gets; see [`timeout`](Self::timeout).
    pub(crate) fn retries(&self, name: &str, markers: &[&Marker], attribute: Option<u32>) -> u32 {
        let of_test = || {
            let from_file = self.overridden(name, markers, |it| it.retries);
            from_file.or(attribute)
        };
        let chosen = self.retries.all.or_else(of_test);
        chosen.or(self.retries.default).unwrap_or(0)
    }

    /// What a test must not leave behind; see [`timeout`](Self::timeout).
    pub(crate) fn leaks(&self, name: &str, markers: &[&Marker]) -> Leaks {
        let of_test = || self.overridden(name, markers, |it| it.leaks);
        let chosen = self.leaks.all.or_else(of_test);
        chosen.or(self.leaks.default).unwrap_or(Leaks::DEFAULT)
    }

    fn overridden<T>(
        &self,
        name: &str,
        markers: &[&Marker],
        setting: impl Fn(&Override) -> Option<T>,
    ) -> Option<T> {
        let mut of_test = self.overrides.iter().filter(|it| it.is_for(name, markers));
        of_test.find_map(setting)
    }

    /// Forgets what only selects tests.
    pub(crate) fn select_all(&mut self) {
        self.markers = None;
        self.keywords = None;
        self.last_failed = false;
        self.shard = None;
    }

    /// Takes the filters out, and what is said about them.
    #[cfg(feature = "cli")]
    pub(crate) fn take_filters(&mut self) -> Vec<String> {
        self.exact = false;
        self.in_order = false;
        self.places.clear();
        std::mem::take(&mut self.filters)
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
pub(super) fn stands_for(filter: &str, name: &str, base: &str) -> bool {
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
            Require::Any => true,
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
