//! Command lines as tables: what they mean, how they are refused, which tests they select.

use std::ffi::OsString;
use std::num::NonZeroUsize;
use std::time::Duration;

use super::args::{Color, Share};
use super::flags::{FLAGS, Takes};
use super::*;
use proptest::prelude::{Just, Strategy};

/// `words` is split at spaces, `''` being the empty argument; `env` likewise into `NAME=value`.
fn parse(words: &str, env: &str) -> Result<Parsed, UsageError> {
    let unquoted = |word: &str| OsString::from(if word == "''" { "" } else { word });
    let args = ["tests"].into_iter().chain(words.split_whitespace());
    super::parse(args.map(unquoted), &|name| {
        env.split_whitespace()
            .find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))
            .map(OsString::from)
            .or((name == "ITEST_CONFIG").then(|| "0".into()))
    })
}

fn args(words: &str, env: &str) -> Args {
    match parse(words, env) {
        Ok(Parsed::Run(args)) => *args,
        other => panic!("{words:?} with {env:?}: {other:?}"),
    }
}

fn thresholds(warn: u64, critical: u64) -> Thresholds {
    Thresholds {
        warn: Duration::from_millis(warn),
        critical: Duration::from_millis(critical),
    }
}

#[test]
fn command_lines_mean() {
    // What the command line changes, compared with an empty one.
    let check = |words: &str, env: &str, change: fn(&mut Args)| {
        let mut expected = args("", "");
        change(&mut expected);
        assert_eq!(args(words, env), expected, "{words:?} with {env:?}");
    };

    check("a ''", "", |it| it.filters = vec!["a".into(), "".into()]);
    check("a --exact b", "", |it| {
        it.filters = vec!["a".into(), "b".into()];
        it.places = [("a".to_owned(), 0), ("b".to_owned(), 1)].into();
        it.exact = true;
    });
    let in_order = |it: &mut Args| {
        it.filters = vec!["b".into(), "a".into(), "b".into()];
        it.places = [("b".to_owned(), 0), ("a".to_owned(), 1)].into();
        it.exact = true;
        it.in_order = true;
        it.test_threads = NonZeroUsize::new(1);
    };
    check("--in-order b a b", "", in_order);
    check("b --exact --in-order a --test-threads=1 b", "", in_order);
    let other_order = "RUST_TEST_THREADS=4 ITEST_SHUFFLE=3 ITEST_FAILED_FIRST=1";
    check("--in-order b a b", other_order, in_order);
    check("-- --list -q", "", |it| {
        it.filters = vec!["--list".into(), "-q".into()];
    });
    check("-", "", |it| it.filters = vec!["-".into()]);
    check("--skip a --skip=b --skip --list", "", |it| {
        it.skip = vec!["a".into(), "b".into(), "--list".into()];
    });
    check("--include-ignored", "", |it| it.ignored = Ignored::Include);
    check("--ignored", "", |it| it.ignored = Ignored::Only);
    check("--exclude-should-panic", "", |it| {
        it.exclude_should_panic = true
    });
    check("--list", "", |it| it.list = true);
    check("--test", "", |_| ());
    check("--bench", "", |it| it.bench = true);
    check("--bench --test", "", |_| ());
    let max_fail = |it: &mut Args| it.max_fail = NonZeroUsize::new(3);
    check("--fail-fast", "", |it| it.max_fail = NonZeroUsize::new(1));
    check("", "ITEST_FAIL_FAST=1", |it| {
        it.max_fail = NonZeroUsize::new(1)
    });
    check("--max-fail 3", "ITEST_FAIL_FAST=1", max_fail);
    check("--max-fail 3 --fail-fast", "", max_fail);
    check("", "ITEST_MAX_FAIL=3", max_fail);
    check("", "ITEST_MAX_FAIL=0", |_| ());
    check("--max-fail 0", "ITEST_MAX_FAIL=3", |_| ());
    check("--max-fail 0", "ITEST_FAIL_FAST=1", |_| ());
    check("", "ITEST_MAX_FAIL=", |_| ());
    check("--force-run-in-process", "", |it| it.in_process = true);
    check("--logfile p/q", "", |it| it.logfile = Some("p/q".into()));
    check("--show-output", "", |it| it.show_output = true);
    check("-Zunstable-options", "", |_| ());
    check("-Z unstable-options", "", |_| ());

    check("--nocapture", "", |it| it.capture = false);
    check("--no-capture --nocapture", "", |it| it.capture = false);
    check("", "RUST_TEST_NOCAPTURE=0", |_| ());
    check("", "RUST_TEST_NOCAPTURE=1", |it| it.capture = false);
    check("", "RUST_TEST_NOCAPTURE=", |it| it.capture = false);

    check("--test-threads 3", "", |it| {
        it.test_threads = NonZeroUsize::new(3)
    });
    check("", "RUST_TEST_THREADS=3", |it| {
        it.test_threads = NonZeroUsize::new(3)
    });
    check("--test-threads=3", "RUST_TEST_THREADS=x", |it| {
        it.test_threads = NonZeroUsize::new(3);
    });

    check("-q", "", |it| it.format = Format::Terse);
    check("--format=terse", "", |it| it.format = Format::Terse);
    check("--format json -q", "", |it| it.format = Format::Json);
    check("--format junit", "", |it| it.format = Format::Junit);
    check("--format pretty", "", |_| ());

    check("--color auto", "", |_| ());
    check("--color never", "", |it| it.color = Color::Never);
    check("--color always", "NO_COLOR=1", |it| {
        it.color = Color::Always
    });
    check("--color auto", "NO_COLOR=1", |it| it.color = Color::Never);
    check("", "NO_COLOR=1", |it| it.color = Color::Never);
    check("", "NO_COLOR=", |_| ());

    check("--report-time", "", |it| {
        it.report_time = Some(thresholds(500, 1000))
    });
    check("--ensure-time", "RUST_TEST_TIME_INTEGRATION=1,5", |it| {
        it.report_time = Some(thresholds(1, 5));
        it.ensure_time = Some(Duration::from_millis(5));
    });
    check("", "RUST_TEST_TIME_INTEGRATION=x", |_| ());

    check("--shuffle-seed 7", "", |it| it.shuffle = Some(7));
    check("--shuffle --shuffle-seed 7", "", |it| it.shuffle = Some(7));
    check("", "RUST_TEST_SHUFFLE_SEED=7", |it| it.shuffle = Some(7));
    check("--shuffle-seed 8", "RUST_TEST_SHUFFLE_SEED=x", |it| {
        it.shuffle = Some(8)
    });
    check("", "RUST_TEST_SHUFFLE=0", |_| ());
    check("--shuffle=7", "ITEST_SHUFFLE=8", |it| it.shuffle = Some(7));
    check("", "ITEST_SHUFFLE=8", |it| it.shuffle = Some(8));
    check("--shuffle", "ITEST_SHUFFLE=8", |it| it.shuffle = Some(8));
    check("", "ITEST_SHUFFLE=0", |_| ());
    check("--shuffle 7", "RUST_TEST_SHUFFLE_SEED=3", |it| {
        it.shuffle = Some(3);
        it.filters = vec!["7".into()];
    });
    assert!(args("", "ITEST_SHUFFLE=1").shuffle.is_some());
    assert!(args("--shuffle", "").shuffle.is_some());
    assert!(args("", "RUST_TEST_SHUFFLE=1").shuffle.is_some());

    let names = |it: &mut Args| it.require = Require::Names(vec!["A".into(), "docker".into()]);
    check("--require", "", |it| it.require = Require::All);
    check("--require a", "", |it| {
        it.require = Require::All;
        it.filters = vec!["a".into()];
    });
    check("--require=A,docker", "", names);
    check("--require=A,docker", "ITEST_REQUIRE=1", names);
    check("", "ITEST_REQUIRE=A,docker,", names);
    check("", "ITEST_REQUIRE=1", |it| it.require = Require::All);
    check("", "ITEST_REQUIRE=all", |it| it.require = Require::All);
    check("", "ITEST_REQUIRE=0", |_| ());
    check("", "ITEST_REQUIRE=", |_| ());
    check("--require=", "ITEST_REQUIRE=1", |_| ());

    check("--fail-on-skip", "ITEST_REQUIRE=A", |it| {
        it.require = Require::Any
    });
    let leaks = |it: &mut Args| it.leaks.all = Leaks::parse("deny,tasks=off").ok();
    check("--leaks deny,tasks=off", "ITEST_LEAKS=off", leaks);
    check("", "ITEST_LEAKS=deny,tasks=off", leaks);
    check("", "ITEST_LEAKS=", |_| ());
    check("--last-failed", "", |it| it.last_failed = true);
    check("", "ITEST_LAST_FAILED=1", |it| it.last_failed = true);
    check("", "ITEST_SHARD=2/3", |it| {
        it.shard = Some(Shard { number: 2, of: 3 });
        it.sharded = true;
    });
    // nextest has selected when it asks for one test.
    check(
        "--exact m::t",
        "NEXTEST_TEST_NAME=m::t ITEST_SHARD=2/3 ITEST_LAST_FAILED=1 ITEST_MARKERS=a",
        |it| {
            it.filters = vec!["m::t".into()];
            it.places = [("m::t".to_owned(), 0)].into();
            it.exact = true;
            it.sharded = true;
        },
    );

    let seconds = |seconds| Some(Some(Duration::from_secs(seconds)));
    assert_eq!(
        args("--timeout 5s", "ITEST_TIMEOUT=9s").timeout.all,
        seconds(5)
    );
    assert_eq!(args("", "ITEST_TIMEOUT=9s").timeout.all, seconds(9));
    assert_eq!(args("", "ITEST_TIMEOUT=0").timeout.all, Some(None));
    assert_eq!(args("--retries 2", "").retries.all, Some(2));
    check("--in-process", "", |it| it.in_process = true);
    check("", "ITEST_IN_PROCESS=1", |it| it.in_process = true);
    check("", "ITEST_IN_PROCESS=0", |_| ());
    check("--setup=lazy", "", |it| it.setup = Setup::Lazy);
    check("", "ITEST_SETUP=lazy", |it| it.setup = Setup::Lazy);
    check("--setup early", "ITEST_SETUP=lazy", |_| ());
    check("", "ITEST_SETUP=", |_| ());
    check("--share=cargo", "", |it| it.share = Share::Cargo);
    check("", "ITEST_SHARE=cargo", |it| it.share = Share::Cargo);
    check("--share binary", "ITEST_SHARE=cargo", |_| ());
    check("", "ITEST_SHARE=", |_| ());
    check("", "ITEST_NEXTEST_TEARDOWN=1", |it| {
        it.nextest_teardown = true
    });
    check("--setup-show", "", |it| it.setup_show = true);
    check("", "ITEST_SETUP_SHOW=1", |it| it.setup_show = true);
    check("", "ITEST_SETUP_SHOW=", |_| ());

    // What rust-analyzer, RustRover and nextest say.
    check(
        "m -Z unstable-options --format=json --nocapture",
        "",
        |it| {
            it.filters = vec!["m".into()];
            it.format = Format::Json;
            it.capture = false;
        },
    );
    check(
        "-Z unstable-options --format=json --show-output",
        "",
        |it| {
            it.format = Format::Json;
            it.show_output = true;
        },
    );
    check("--exact m::t --nocapture --ignored --bench", "", |it| {
        it.filters = vec!["m::t".into()];
        it.places = [("m::t".to_owned(), 0)].into();
        it.exact = true;
        it.capture = false;
        it.ignored = Ignored::Only;
        it.bench = true;
    });
}

/// Compared with libtest 1.95 (`RUSTC_BOOTSTRAP=1`, `-Z unstable-options`), which says the same
/// to stderr with exit code 101, except for:
/// - the `help` lines;
/// - broken variables, over which libtest panics with the same sentence.
#[test]
fn command_lines_are_refused() {
    let check = |words: &str, env: &str, expected: &str| match parse(words, env) {
        Err(error) => assert_eq!(error.to_string(), format!("error: {expected}"), "{words:?}"),
        Ok(parsed) => panic!("{words:?} with {env:?}: {parsed:?}"),
    };

    check("--frobnicate", "", "Unrecognized option: 'frobnicate'");
    check("--frobnicate=1", "", "Unrecognized option: 'frobnicate'");
    check("--=1", "", "Unrecognized option: ''");
    check("-x", "", "Unrecognized option: 'x'");
    check("-q1", "", "Unrecognized option: '1'");
    check("-h=1", "", "Unrecognized option: '='");
    check("--help --frob", "", "Unrecognized option: 'frob'");
    check(
        "--exac",
        "",
        "Unrecognized option: 'exac'\n  help: there is an option with a similar name: `--exact`",
    );
    check(
        "--no-catpure",
        "",
        "Unrecognized option: 'no-catpure'\n  help: there is an option with a similar name: `--no-capture`",
    );
    check(
        "--inc",
        "",
        "Unrecognized option: 'inc'\n  help: there is an option with a similar name: `--include-ignored`",
    );

    check(
        "--test-threads",
        "",
        "Argument to option 'test-threads' missing",
    );
    check("--format", "", "Argument to option 'format' missing");
    check("--skip", "", "Argument to option 'skip' missing");
    check("--logfile", "", "Argument to option 'logfile' missing");
    check(
        "--shuffle-seed",
        "",
        "Argument to option 'shuffle-seed' missing",
    );
    check("-Z", "", "Argument to option 'Z' missing");
    check("--exact=1", "", "Option 'exact' does not take an argument");

    check("--exact --exact", "", "Option 'exact' given more than once");
    check(
        "--nocapture --nocapture",
        "",
        "Option 'nocapture' given more than once",
    );
    check("-qq", "", "Option 'quiet' given more than once");
    check("-q --quiet", "", "Option 'quiet' given more than once");
    check("-h -h", "", "Option 'help' given more than once");
    check(
        "-Zunstable-options -Zfoo",
        "",
        "Option 'Z' given more than once",
    );
    check(
        "-Zunstable-options -Zunstable-options",
        "",
        "Option 'Z' given more than once",
    );
    check(
        "--format pretty --format terse",
        "",
        "Option 'format' given more than once",
    );
    check(
        "--test-threads 1 --test-threads 2",
        "",
        "Option 'test-threads' given more than once",
    );

    check("-Z foo", "", "Unrecognized option to `Z`");
    check(
        "--test-threads 0",
        "",
        "argument for --test-threads must not be 0",
    );
    check(
        "--test-threads -1",
        "",
        "argument for --test-threads must be a number > 0 (error: invalid digit found in string)",
    );
    check(
        "--test-threads=",
        "",
        "argument for --test-threads must be a number > 0 (error: cannot parse integer from empty string)",
    );
    check(
        "--format yaml",
        "",
        "argument for --format must be pretty, terse, json or junit (was yaml)",
    );
    check(
        "--color blue",
        "",
        "argument for --color must be auto, always, or never (was blue)",
    );
    check(
        "--shuffle=x",
        "",
        "argument for --shuffle must be a number (error: invalid digit found in string)",
    );
    check(
        "",
        "ITEST_SHUFFLE=x",
        "ITEST_SHUFFLE is `x`, should be 0, 1, or a seed",
    );
    check(
        "--shuffle-seed x",
        "",
        "argument for --shuffle-seed must be a number (error: invalid digit found in string)",
    );
    check(
        "--ignored --include-ignored",
        "",
        "the options --include-ignored and --ignored are mutually exclusive",
    );
    check(
        "--in-order",
        "",
        "--in-order needs the names of tests\n  help: cargo test -- --in-order FIRST SECOND",
    );
    for other in ["--shuffle", "--failed-first", "--test-threads=2"] {
        let (name, _) = other.split_once('=').unwrap_or((other, ""));
        let expected = format!("the options --in-order and {name} are mutually exclusive");
        check(&format!("--in-order a {other}"), "", &expected);
    }

    check(
        "",
        "RUST_TEST_THREADS=0",
        "RUST_TEST_THREADS is `0`, should be a positive integer",
    );
    check(
        "",
        "RUST_TEST_SHUFFLE_SEED=x",
        "RUST_TEST_SHUFFLE_SEED is `x`, should be a number",
    );
    check(
        "--report-time",
        "RUST_TEST_TIME_INTEGRATION=2",
        "Duration variable RUST_TEST_TIME_INTEGRATION expected to have 2 numbers separated by comma, but got 2",
    );
    check(
        "--report-time",
        "RUST_TEST_TIME_INTEGRATION=2,x",
        "Duration value in variable RUST_TEST_TIME_INTEGRATION is expected to be a number, but got x",
    );
    check(
        "--ensure-time",
        "RUST_TEST_TIME_INTEGRATION=2,1",
        "Test execution warn time should be less or equal to the critical time",
    );
}

#[cfg(unix)]
#[test]
fn only_paths_may_be_anything() {
    use std::os::unix::ffi::OsStringExt;

    let broken = || OsString::from_vec(b"a\xff".to_vec());
    let parse = |flag: &str| super::parse(["tests".into(), flag.into(), broken()], &|_| None);
    assert!(matches!(parse("--logfile"), Ok(Parsed::Run(_))));
    for flag in ["--skip", "--format", "--"] {
        assert_eq!(
            parse(flag).unwrap_err().to_string(),
            "error: argument `a\u{fffd}` is not Unicode"
        );
    }
}

#[test]
fn every_flag_of_the_table_parses() {
    for flag in FLAGS {
        let mut words = match flag.name {
            "" => format!("-{}", flag.label()),
            name => format!("--{name}"),
        };
        if let Takes::Value(values, _) = flag.takes {
            // The names of values are examples of them, or stand for a number or text.
            let example = values.split('|').next().unwrap();
            words += &match example {
                "N" | "SEED" => " 1".to_owned(),
                "TIME" => " 1s".to_owned(),
                "K/N" => " 1/2".to_owned(),
                // Another one would have to be in a file.
                "NAME" if flag.name == "profile" => " default".to_owned(),
                example => format!(" {example}"),
            };
        }
        if flag.name == "in-order" {
            // An order of something.
            words += " a";
        }
        assert!(parse(&words, "").is_ok(), "{words}");
        let again = parse(&format!("{words} {words}"), "");
        assert_eq!(again.is_ok(), flag.repeatable, "{words} {words}");
        if let Some(short) = flag.short {
            assert!(FLAGS.iter().filter(|it| it.short == Some(short)).count() == 1);
        }
        assert!(FLAGS.iter().filter(|it| it.name == flag.name).count() == 1);
    }
}

#[test]
fn help_is_complete_and_narrow() {
    let Ok(Parsed::Help(help)) = parse("--exact -h a", "") else {
        panic!("`-h` is not help");
    };
    for flag in FLAGS.iter().filter(|flag| !flag.help.is_empty()) {
        let usage = match flag.name {
            "" => format!("  -{} ", flag.label()),
            name => format!(" --{name}"),
        };
        assert!(help.contains(&usage), "{usage}");
    }
    assert!(!help.contains("--nocapture"));
    for line in help.lines() {
        assert!(line.chars().count() <= 90, "{line}");
        assert_eq!(line.trim_end(), line);
    }
    let require = "
      --require[=NAME,…]      Fail instead of skipping where a skip condition depends on
                              NAME (a variable, command …), or on anything; for CI
                              [ITEST_REQUIRE]
";
    assert!(help.contains(require), "{help}");
}

#[test]
fn names_are_selected() {
    let check = |words: &str, expected: &[&str]| {
        let args = args(words, "");
        let tests = [
            ("m::t", None),
            ("m::tt", None),
            ("c::case_1", Some("c")),
            ("c::case_2[sqlite]", Some("c")),
            ("c::case_2[redis]", Some("c")),
            ("cc::case_1", Some("cc")),
        ];
        let selected: Vec<&str> = tests
            .into_iter()
            .filter(|(name, base)| args.selects(name, *base))
            .map(|(name, _)| name)
            .collect();
        assert_eq!(selected, expected, "{words:?}");
    };
    let all = [
        "m::t",
        "m::tt",
        "c::case_1",
        "c::case_2[sqlite]",
        "c::case_2[redis]",
        "cc::case_1",
    ];

    check("", &all);
    check("''", &all);
    check("--exact", &all);
    check("--exact ''", &[]);
    check("--skip ''", &[]);
    check("--exact --skip ''", &all);

    check("t --skip case", &["m::t", "m::tt"]);
    check("m::t", &["m::t", "m::tt"]);
    check("--exact m::t", &["m::t"]);
    check("--exact m", &[]);
    check("redis m::tt", &["m::tt", "c::case_2[redis]"]);
    check("m --skip tt", &["m::t"]);
    check("m --skip t --exact", &[]);
    check("--exact m::t m::tt --skip m::t", &["m::tt"]);

    check("--exact c", &all[2..5]);
    check("--exact c::case_1", &all[2..3]);
    check("--exact c::case_2", &all[3..5]);
    check("--exact c::case_2[redis]", &all[4..5]);
    check("--exact c::case_2[redis", &[]);
    check("--exact c::case", &[]);
    check("--exact --skip c --skip cc", &all[..2]);
}

#[test]
fn tests_have_the_place_of_what_selects_them() {
    let args = args("--in-order b a c::case_2 c", "");
    let places = [
        "a",
        "c::case_1",
        "c::case_2",
        "c::case_2[sqlite]",
        "c::d::case_2",
        "x",
    ]
    .map(|name| args.place(name, Some("")));
    let expected = [Some(1), Some(3), Some(2), Some(2), Some(3), None];
    assert_eq!(places, expected);
}

#[test]
fn attributes_are_selected() {
    // (ignored, should_panic) → in the selection, and run.
    let check = |words: &str, expected: [(bool, bool); 4]| {
        let args = args(words, "");
        let actual = [(false, false), (true, false), (false, true), (true, true)]
            .map(|(ignored, panics)| (args.admits(ignored, panics), args.runs(ignored)));
        assert_eq!(actual, expected, "{words:?}");
    };
    let (run, ignore, no) = ((true, true), (true, false), (false, true));
    check("", [run, ignore, run, ignore]);
    check("--include-ignored", [run, run, run, run]);
    check("--ignored", [no, run, no, run]);
    check("--bench", [ignore, ignore, ignore, ignore]);
    check("--bench --test", [run, ignore, run, ignore]);
    check("--exclude-should-panic", [run, ignore, no, (false, false)]);
}

#[test]
fn skips_are_required() {
    let check = |words: &str, subjects: &[&str], expected: bool| {
        assert_eq!(
            args(words, "").require.covers(subjects),
            expected,
            "{words:?} {subjects:?}"
        );
    };
    check("", &["A"], false);
    check("--require", &["A"], true);
    check("--require", &[], false);
    check("--require=B,A", &["A"], true);
    check("--require=B", &["A"], false);
    check("--require=B", &["A", "B"], true);
    check("--require=0", &["A"], false);
}

/// Flags that take a value and have a variable, with values that some of them accept.
const WITH_VARIABLE: [(&str, &str); 12] = [
    ("ctrf", "ITEST_CTRF"),
    ("durations", "ITEST_DURATIONS"),
    ("keywords", "ITEST_KEYWORDS"),
    ("leaks", "ITEST_LEAKS"),
    ("markers", "ITEST_MARKERS"),
    ("max-fail", "ITEST_MAX_FAIL"),
    ("repeat", "ITEST_REPEAT"),
    ("retries", "ITEST_RETRIES"),
    ("setup", "ITEST_SETUP"),
    ("shard", "ITEST_SHARD"),
    ("slow-timeout", "ITEST_SLOW_TIMEOUT"),
    ("timeout", "ITEST_TIMEOUT"),
];

fn words_parsed(words: &[String], variable: Option<(&str, &str)>) -> Result<Args, String> {
    let words = ["tests"]
        .into_iter()
        .chain(words.iter().map(String::as_str));
    let parsed = super::parse(words.map(OsString::from), &|name| match variable {
        Some((known, value)) if known == name => Some(value.into()),
        _ => (name == "ITEST_CONFIG").then(|| "0".into()),
    });
    match parsed {
        Ok(Parsed::Run(args)) => Ok(*args),
        Ok(Parsed::Help(_)) => Err("help".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

const VALUE: &str = "[0-9]{1,3}|[0-9]{1,2}(s|ms|m)|[1-4]/[1-4]|early|lazy|deny|warn|off|\
                     (cwd|env|all)=(off|deny)|a|not a|a\\(b=1\\)|\\PC{1,8}";

proptest::proptest! {
    /// What a variable means is what its flag means.
    #[test]
    fn variables_stand_for_flags(index in 0..WITH_VARIABLE.len(), value in VALUE) {
        let (flag, variable) = WITH_VARIABLE[index];
        let given = words_parsed(&[format!("--{flag}={value}")], None);
        let set = words_parsed(&[], Some((variable, &value)));
        match (given, set) {
            (Ok(given), Ok(set)) => proptest::prop_assert_eq!(given, set),
            (Err(_), Err(_)) => {}
            (given, set) => proptest::prop_assert!(false, "{given:?}\n{set:?}"),
        }
    }

    /// Flags may stand in any order, before, between and behind filters.
    #[test]
    fn order_of_flags_means_nothing(
        (words, shuffled) in proptest::sample::subsequence(
            vec![
                "--exact", "--skip=a", "--list", "-q", "--retries=2", "--timeout=5s", "-m=slow",
                "--leaks=deny", "--shard=1/2", "--repeat=3", "--require", "--setup=lazy", "name",
            ],
            0..13,
        ).prop_flat_map(|words| (Just(words.clone()), Just(words).prop_shuffle()))
    ) {
        let owned = |words: &[&str]| -> Vec<String> {
            words.iter().map(|word| (*word).to_owned()).collect()
        };
        let one = words_parsed(&owned(&words), None);
        let other = words_parsed(&owned(&shuffled), None);
        proptest::prop_assert_eq!(one, other);
    }

    #[test]
    fn any_words_are_read_or_refused(
        words in proptest::collection::vec("--?[a-z]{1,4}(-[a-z]{1,4})?(=\\PC{0,4})?|-[a-zA-Z]{1,3}|\\PC{0,6}", 0..6)
    ) {
        if let Err(error) = words_parsed(&words, None) {
            proptest::prop_assert!(error == "help" || error.starts_with("error: "), "{error}");
        }
    }
}
