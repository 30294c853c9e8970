//! The table of flags: one definition each, from which parser, `--help` and suggestions are made.
//!
//! To add a flag, add an entry to [`FLAGS`], a field to [`LowArgs`], and its meaning to
//! [`Args`](super::Args).

use std::ffi::OsString;
use std::num::NonZeroUsize;
use std::path::PathBuf;

use super::args::{Color, Format, Require, Setup, Share};
use super::low::{LowArgs, text};
use super::resolve;

/// A flag of the command line.
#[derive(Debug)]
pub(super) struct Flag {
    /// Without the two dashes; empty for `-Z`, which has only a short form.
    pub(super) name: &'static str,
    /// Without the dash.
    pub(super) short: Option<char>,
    /// Its value, and where it goes.
    pub(super) takes: Takes,
    /// May be given more than once.
    pub(super) repeatable: bool,
    /// The variable that stands for it where a command line does not reach.
    pub(super) variable: Option<&'static str>,
    /// Whose flag it is.
    pub(super) origin: Origin,
    /// Lines of `--help`; empty for a flag that is accepted but not shown.
    pub(super) help: &'static str,
}

/// What follows a flag, and how it is stored.
#[derive(Debug)]
pub(super) enum Takes {
    /// `--flag`
    Nothing(fn(&mut LowArgs)),
    /// `--flag VALUE` or `--flag=VALUE`
    Value(&'static str, Store<OsString>),
    /// `--flag` or `--flag=VALUE`
    Optional(&'static str, Store<Option<OsString>>),
}

/// Checks a value and stores it; the error is the whole message.
type Store<T> = fn(&mut LowArgs, T) -> Result<(), String>;

/// Whose flag it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    /// libtest's, on every compiler.
    Libtest,
    /// libtest's, there only with `-Z unstable-options`.
    LibtestUnstable,
    /// Ours.
    Itest,
}

impl Flag {
    const DEFAULT: Flag = Flag {
        name: "",
        short: None,
        takes: Takes::Nothing(|_| ()),
        repeatable: false,
        variable: None,
        origin: Origin::Libtest,
        help: "",
    };

    /// How libtest names the flag in its messages.
    pub(super) fn label(&self) -> String {
        match self.short {
            Some(short) if self.name.is_empty() => short.to_string(),
            _ => self.name.to_owned(),
        }
    }
}

/// Where a report goes.
fn file(target: &mut Option<PathBuf>, value: OsString) -> Result<(), String> {
    if value.is_empty() {
        return Err("the name of a report's file must not be empty".to_owned());
    }
    *target = Some(value.into());
    Ok(())
}

/// Every flag, in the order of `--help`.
pub(super) const FLAGS: &[Flag] = &[
    Flag {
        name: "include-ignored",
        takes: Takes::Nothing(|low| low.include_ignored = true),
        help: "Run ignored tests too",
        ..Flag::DEFAULT
    },
    Flag {
        name: "ignored",
        takes: Takes::Nothing(|low| low.ignored = true),
        help: "Run only ignored tests",
        ..Flag::DEFAULT
    },
    Flag {
        name: "exclude-should-panic",
        takes: Takes::Nothing(|low| low.exclude_should_panic = true),
        origin: Origin::LibtestUnstable,
        help: "Leave out tests marked `#[should_panic]`",
        ..Flag::DEFAULT
    },
    Flag {
        name: "skip",
        takes: Takes::Value("FILTER", |low, value| {
            low.skip.push(text(value)?);
            Ok(())
        }),
        repeatable: true,
        help: "Leave out tests whose name contains FILTER (repeatable)",
        ..Flag::DEFAULT
    },
    Flag {
        name: "exact",
        takes: Takes::Nothing(|low| low.exact = true),
        help: "Filters are whole names, not parts of them; a function's\nname stands for all its cases",
        ..Flag::DEFAULT
    },
    Flag {
        name: "test",
        takes: Takes::Nothing(|low| low.test = true),
        help: "Run tests also where `--bench` is given",
        ..Flag::DEFAULT
    },
    Flag {
        name: "bench",
        takes: Takes::Nothing(|low| low.bench = true),
        help: "Run benchmarks only; there are none, so tests are ignored",
        ..Flag::DEFAULT
    },
    Flag {
        name: "list",
        takes: Takes::Nothing(|low| low.list = true),
        help: "List the selected tests instead of running them",
        ..Flag::DEFAULT
    },
    Flag {
        name: "fail-fast",
        takes: Takes::Nothing(|low| low.fail_fast = true),
        variable: Some("ITEST_FAIL_FAST"),
        origin: Origin::LibtestUnstable,
        help: "Start no more tests after the first failure",
        ..Flag::DEFAULT
    },
    Flag {
        name: "test-threads",
        takes: Takes::Value("N", |low, value| {
            let value = text(value)?;
            low.test_threads = Some(value.parse().map_err(|error| match value.parse() {
                Ok(0_usize) => "argument for --test-threads must not be 0".to_owned(),
                _ => format!("argument for --test-threads must be a number > 0 (error: {error})"),
            })?);
            Ok(())
        }),
        variable: Some("RUST_TEST_THREADS"),
        help: "How many tests run at a time",
        ..Flag::DEFAULT
    },
    Flag {
        name: "force-run-in-process",
        takes: Takes::Nothing(|low| low.in_process = true),
        origin: Origin::LibtestUnstable,
        help: "The same as `--in-process`",
        ..Flag::DEFAULT
    },
    Flag {
        name: "no-capture",
        takes: Takes::Nothing(|low| low.no_capture = true),
        variable: Some("RUST_TEST_NOCAPTURE"),
        help: "Let tests print directly",
        ..Flag::DEFAULT
    },
    Flag {
        name: "nocapture",
        takes: Takes::Nothing(|low| low.no_capture = true),
        ..Flag::DEFAULT
    },
    Flag {
        name: "show-output",
        takes: Takes::Nothing(|low| low.show_output = true),
        variable: Some("ITEST_SHOW_OUTPUT"),
        help: "Show what successful tests printed, too",
        ..Flag::DEFAULT
    },
    Flag {
        name: "quiet",
        short: Some('q'),
        takes: Takes::Nothing(|low| low.quiet = true),
        help: "One character per test; the same as `--format=terse`",
        ..Flag::DEFAULT
    },
    Flag {
        name: "format",
        takes: Takes::Value("pretty|terse|json|junit", |low, value| {
            low.format = Some(match &*text(value)? {
                "pretty" => Format::Pretty,
                "terse" => Format::Terse,
                "json" => Format::Json,
                "junit" => Format::Junit,
                other => {
                    return Err(format!(
                        "argument for --format must be pretty, terse, json or junit (was {other})"
                    ));
                }
            });
            Ok(())
        }),
        help: "One line per test, one character per test, libtest's\nevents as lines of JSON, or a JUnit document",
        ..Flag::DEFAULT
    },
    Flag {
        name: "color",
        takes: Takes::Value("auto|always|never", |low, value| {
            low.color = Some(match &*text(value)? {
                "auto" => Color::Auto,
                "always" => Color::Always,
                "never" => Color::Never,
                other => {
                    return Err(format!(
                        "argument for --color must be auto, always, or never (was {other})"
                    ));
                }
            });
            Ok(())
        }),
        help: "Whether to colour the output; `auto` does on a terminal\nunless `NO_COLOR` is set",
        ..Flag::DEFAULT
    },
    Flag {
        name: "logfile",
        takes: Takes::Value("PATH", |low, value| {
            low.logfile = Some(value.into());
            Ok(())
        }),
        help: "Write `ok NAME`, `failed NAME` … to a file",
        ..Flag::DEFAULT
    },
    Flag {
        name: "report-time",
        takes: Takes::Nothing(|low| low.report_time = true),
        origin: Origin::LibtestUnstable,
        help: "Show how long each test took, in colour beyond the limits\nof `RUST_TEST_TIME_INTEGRATION=WARN,CRITICAL` (milliseconds)",
        ..Flag::DEFAULT
    },
    Flag {
        name: "ensure-time",
        takes: Takes::Nothing(|low| low.ensure_time = true),
        origin: Origin::LibtestUnstable,
        help: "Fail tests that take longer than the critical limit",
        ..Flag::DEFAULT
    },
    Flag {
        name: "shuffle",
        takes: Takes::Optional("SEED", |low, value| {
            low.shuffle = true;
            if let Some(value) = value {
                low.shuffle_seed = Some(text(value)?.parse().map_err(|error| {
                    format!("argument for --shuffle must be a number (error: {error})")
                })?);
            }
            Ok(())
        }),
        variable: Some("ITEST_SHUFFLE"),
        origin: Origin::LibtestUnstable,
        help: "Run tests in random order, those together that share a\nfixture; prints the seed, which repeats the order",
        ..Flag::DEFAULT
    },
    Flag {
        name: "shuffle-seed",
        takes: Takes::Value("SEED", |low, value| {
            low.shuffle_seed = Some(text(value)?.parse().map_err(|error| {
                format!("argument for --shuffle-seed must be a number (error: {error})")
            })?);
            Ok(())
        }),
        variable: Some("RUST_TEST_SHUFFLE_SEED"),
        origin: Origin::LibtestUnstable,
        help: "Run tests in the random order that SEED stands for",
        ..Flag::DEFAULT
    },
    Flag {
        name: "in-order",
        takes: Takes::Nothing(|low| low.in_order = true),
        origin: Origin::Itest,
        help: "Run the tests that are named, in that order, one after the\nother in one worker; implies `--exact`",
        ..Flag::DEFAULT
    },
    Flag {
        short: Some('Z'),
        takes: Takes::Value("unstable-options", |_, value| match &*text(value)? {
            "unstable-options" => Ok(()),
            _ => Err("Unrecognized option to `Z`".to_owned()),
        }),
        help: "Accepted, not needed: libtest's unstable options are\nalways available",
        ..Flag::DEFAULT
    },
    Flag {
        name: "help",
        short: Some('h'),
        takes: Takes::Nothing(|low| low.help = true),
        help: "Print this text",
        ..Flag::DEFAULT
    },
    Flag {
        name: "profile",
        takes: Takes::Value("NAME", |low, value| {
            low.profile = Some(text(value)?);
            Ok(())
        }),
        variable: Some("ITEST_PROFILE"),
        origin: Origin::Itest,
        help: "Take the settings of that profile of `.config/itest.toml`\ninstead of those of `default`",
        ..Flag::DEFAULT
    },
    Flag {
        name: "markers",
        short: Some('m'),
        takes: Takes::Value("EXPR", |low, value| {
            low.markers = Some(resolve::markers("-m", &text(value)?)?);
            Ok(())
        }),
        variable: Some("ITEST_MARKERS"),
        origin: Origin::Itest,
        help: "Only tests whose markers fulfil EXPR: `slow and not db`,\n`load(level=3) or (a and b)`",
        ..Flag::DEFAULT
    },
    Flag {
        name: "keywords",
        short: Some('k'),
        takes: Takes::Value("EXPR", |low, value| {
            low.keywords = Some(resolve::keywords("-k", &text(value)?)?);
            Ok(())
        }),
        variable: Some("ITEST_KEYWORDS"),
        origin: Origin::Itest,
        help: "Only tests whose name or markers have the parts that EXPR\nsays, in upper or lower case: `api and not (admin or old)`",
        ..Flag::DEFAULT
    },
    Flag {
        name: "retries",
        takes: Takes::Value("N", |low, value| {
            low.retries = Some(resolve::whole_number("--retries", &text(value)?)?);
            Ok(())
        }),
        variable: Some("ITEST_RETRIES"),
        origin: Origin::Itest,
        help: "Try a failed test up to N times more, whatever its own\n`retries` says",
        ..Flag::DEFAULT
    },
    Flag {
        name: "timeout",
        takes: Takes::Value("TIME", |low, value| {
            low.timeout = Some(resolve::time("--timeout", &text(value)?)?);
            Ok(())
        }),
        variable: Some("ITEST_TIMEOUT"),
        origin: Origin::Itest,
        help: "Stop tests that take longer than `5s`, `1m30s` …, whatever\ntheir own `timeout` says; `0` is no limit",
        ..Flag::DEFAULT
    },
    Flag {
        name: "slow-timeout",
        takes: Takes::Value("TIME", |low, value| {
            low.slow_timeout = Some(resolve::time("--slow-timeout", &text(value)?)?);
            Ok(())
        }),
        variable: Some("ITEST_SLOW_TIMEOUT"),
        origin: Origin::Itest,
        help: "Tell of tests that have been running for that long;\n`60s` if not said, `0` is never",
        ..Flag::DEFAULT
    },
    Flag {
        name: "max-fail",
        takes: Takes::Value("N", |low, value| {
            let value = text(value)?;
            let number = resolve::whole_number("--max-fail", &value)?;
            low.max_fail = Some(NonZeroUsize::new(number));
            Ok(())
        }),
        variable: Some("ITEST_MAX_FAIL"),
        origin: Origin::Itest,
        help: "Start no more tests after N failures; `0` is no limit",
        ..Flag::DEFAULT
    },
    Flag {
        name: "fail-on-skip",
        takes: Takes::Nothing(|low| low.fail_on_skip = true),
        variable: Some("ITEST_FAIL_ON_SKIP"),
        origin: Origin::Itest,
        help: "Fail instead of skipping, whatever the reason",
        ..Flag::DEFAULT
    },
    Flag {
        name: "strict-xfail",
        takes: Takes::Nothing(|low| low.strict_xfail = true),
        variable: Some("ITEST_STRICT_XFAIL"),
        origin: Origin::Itest,
        help: "A pass of an `#[xfail]` test is a failure, unless it says\n`strict = false`",
        ..Flag::DEFAULT
    },
    Flag {
        name: "last-failed",
        takes: Takes::Nothing(|low| low.last_failed = true),
        variable: Some("ITEST_LAST_FAILED"),
        origin: Origin::Itest,
        help: "Only tests that failed the last time they ran; all of them\nif none did",
        ..Flag::DEFAULT
    },
    Flag {
        name: "failed-first",
        takes: Takes::Nothing(|low| low.failed_first = true),
        variable: Some("ITEST_FAILED_FIRST"),
        origin: Origin::Itest,
        help: "Tests that failed the last time they ran first, then the\nothers; fixtures that both use may be set up once more",
        ..Flag::DEFAULT
    },
    Flag {
        name: "repeat",
        takes: Takes::Value("N", |low, value| {
            low.repeat = Some(resolve::repeat("--repeat", &text(value)?)?);
            Ok(())
        }),
        variable: Some("ITEST_REPEAT"),
        origin: Origin::Itest,
        help: "Run each test N times, each with test fixtures of its own;\nwider ones stay",
        ..Flag::DEFAULT
    },
    Flag {
        name: "until-fail",
        takes: Takes::Nothing(|low| low.until_fail = true),
        variable: Some("ITEST_UNTIL_FAIL"),
        origin: Origin::Itest,
        help: "Repeat tests until one fails, at most as often as\n`--repeat` says, or 1000 times each",
        ..Flag::DEFAULT
    },
    Flag {
        name: "shard",
        takes: Takes::Value("K/N", |low, value| {
            low.shard = Some(resolve::shard("--shard", &text(value)?)?);
            Ok(())
        }),
        variable: Some("ITEST_SHARD"),
        origin: Origin::Itest,
        help: "Only the Kth of N shares of the tests, balanced by the\ntimes that earlier runs recorded",
        ..Flag::DEFAULT
    },
    Flag {
        name: "require",
        takes: Takes::Optional("NAME,…", |low, value| {
            low.require = Some(match value {
                None => Require::All,
                Some(value) => Require::from(&*text(value)?),
            });
            Ok(())
        }),
        variable: Some("ITEST_REQUIRE"),
        origin: Origin::Itest,
        help: "Fail instead of skipping where a skip condition depends on\nNAME (a variable, command …), or on anything; for CI",
        ..Flag::DEFAULT
    },
    Flag {
        name: "leaks",
        takes: Takes::Value("off|warn|deny", |low, value| {
            low.leaks = Some(resolve::leaks("--leaks", &text(value)?)?);
            Ok(())
        }),
        variable: Some("ITEST_LEAKS"),
        origin: Origin::Itest,
        help: "Tell of tests, or fail tests, that leave behind a changed\ndirectory or environment, descriptors, children or tasks;\n`deny,tasks=warn` has levels for cwd, env, fds, children,\ntasks",
        ..Flag::DEFAULT
    },
    Flag {
        name: "in-process",
        takes: Takes::Nothing(|low| low.in_process = true),
        variable: Some("ITEST_IN_PROCESS"),
        origin: Origin::Itest,
        help: "Run tests in this process instead of in workers; a crash\nor hang then ends the run",
        ..Flag::DEFAULT
    },
    Flag {
        name: "setup",
        takes: Takes::Value("early|lazy", |low, value| {
            low.setup = Some(
                Setup::parse(&text(value)?)
                    .map_err(|accepted| format!("argument for --setup must be {accepted}"))?,
            );
            Ok(())
        }),
        variable: Some("ITEST_SETUP"),
        origin: Origin::Itest,
        help: "Set up session fixtures at the start, at the same time, or\neach when a test needs it; one test thread is always lazy",
        ..Flag::DEFAULT
    },
    Flag {
        name: "share",
        takes: Takes::Value("binary|cargo", |low, value| {
            low.share = Some(
                Share::parse(&text(value)?)
                    .map_err(|accepted| format!("argument for --share must be {accepted}"))?,
            );
            Ok(())
        }),
        variable: Some("ITEST_SHARE"),
        origin: Origin::Itest,
        help: "Give each test binary a session of its own, or share one\namong all binaries of one `cargo test`",
        ..Flag::DEFAULT
    },
    Flag {
        name: "nextest-teardown",
        takes: Takes::Nothing(|low| low.nextest_teardown = true),
        variable: Some("ITEST_NEXTEST_TEARDOWN"),
        origin: Origin::Itest,
        help: "Under nextest, list a test `zz_itest::teardown` that ends\nthe session; nextest must be told to run it last",
        ..Flag::DEFAULT
    },
    Flag {
        name: "setup-show",
        takes: Takes::Nothing(|low| low.setup_show = true),
        variable: Some("ITEST_SETUP_SHOW"),
        origin: Origin::Itest,
        help: "Show fixtures' setup and teardown as they happen",
        ..Flag::DEFAULT
    },
    Flag {
        name: "durations",
        takes: Takes::Value("N", |low, value| {
            low.durations = Some(text(value)?.parse().map_err(|error| {
                format!("argument for --durations must be a number (error: {error})")
            })?);
            Ok(())
        }),
        variable: Some("ITEST_DURATIONS"),
        origin: Origin::Itest,
        help: "Show the N slowest tests and the N slowest fixtures",
        ..Flag::DEFAULT
    },
    Flag {
        name: "events",
        takes: Takes::Value("FILE", |low, value| file(&mut low.reports.events, value)),
        variable: Some("ITEST_EVENTS"),
        origin: Origin::Itest,
        help: "Write what happens to FILE as lines of JSON, from which\nevery other report can be made",
        ..Flag::DEFAULT
    },
    Flag {
        name: "junit",
        takes: Takes::Value("FILE", |low, value| file(&mut low.reports.junit, value)),
        variable: Some("ITEST_JUNIT"),
        origin: Origin::Itest,
        help: "Write a JUnit document to FILE",
        ..Flag::DEFAULT
    },
    Flag {
        name: "html",
        takes: Takes::Value("FILE", |low, value| file(&mut low.reports.html, value)),
        variable: Some("ITEST_HTML"),
        origin: Origin::Itest,
        help: "Write a page for a browser to FILE, with a timeline",
        ..Flag::DEFAULT
    },
    Flag {
        name: "ctrf",
        takes: Takes::Value("FILE", |low, value| file(&mut low.reports.ctrf, value)),
        variable: Some("ITEST_CTRF"),
        origin: Origin::Itest,
        help: "Write a report in the Common Test Report Format to FILE",
        ..Flag::DEFAULT
    },
    Flag {
        name: "trace",
        takes: Takes::Value("FILE", |low, value| file(&mut low.reports.trace, value)),
        variable: Some("ITEST_TRACE"),
        origin: Origin::Itest,
        help: "Write a trace for Perfetto or chrome://tracing to FILE",
        ..Flag::DEFAULT
    },
    Flag {
        name: "setup-plan",
        takes: Takes::Nothing(|low| low.setup_plan = true),
        origin: Origin::Itest,
        help: "Show what would be set up, run and torn down, one by one;\nrun nothing",
        ..Flag::DEFAULT
    },
    Flag {
        name: "fixtures",
        takes: Takes::Nothing(|low| low.fixtures = true),
        origin: Origin::Itest,
        help: "Show the fixtures that there are; run nothing",
        ..Flag::DEFAULT
    },
];
