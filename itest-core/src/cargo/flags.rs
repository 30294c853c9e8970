//! The flags that are cargo's, and our own; all others are those of a test binary.

use std::fmt::Write;

use super::words::Command;

/// A flag before `--` that is not one of a test binary.
#[derive(Debug)]
pub(super) struct Flag {
    /// Without the dashes.
    pub(super) name: &'static str,
    pub(super) short: Option<char>,
    /// The name of its value.
    pub(super) value: Option<&'static str>,
    pub(super) goes: Goes,
    pub(super) help: &'static str,
}

/// What becomes of a flag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Goes {
    /// To cargo.
    ToCargo,
    /// To cargo; it says which targets are built.
    Selects,
    /// To cargo and to the tests' reports.
    ToBoth,
    /// To cargo under this name.
    As(&'static str),
    /// To the tests as that.
    ToTestsAs(&'static str),
    /// It is ours.
    Ours,
    /// Refused, with what to do instead.
    Refused(&'static str),
}

const fn flag(
    name: &'static str,
    short: Option<char>,
    value: Option<&'static str>,
    goes: Goes,
    help: &'static str,
) -> Flag {
    Flag {
        name,
        short,
        value,
        goes,
        help,
    }
}

use Goes::{As, Ours, Refused, Selects, ToBoth, ToCargo, ToTestsAs};

/// Every flag, in the order of `--help`.
pub(super) const FLAGS: &[Flag] = &[
    flag(
        "package",
        Some('p'),
        Some("SPEC"),
        ToCargo,
        "Test only this package (repeatable)",
    ),
    flag(
        "workspace",
        None,
        None,
        ToCargo,
        "Test all packages of the workspace",
    ),
    flag("all", None, None, As("workspace"), ""),
    flag(
        "exclude",
        None,
        Some("SPEC"),
        ToCargo,
        "Leave out this package (repeatable)",
    ),
    flag("lib", None, None, Selects, "Test the library's unit tests"),
    flag("bins", None, None, Selects, "Test the binaries' unit tests"),
    flag(
        "bin",
        None,
        Some("NAME"),
        Selects,
        "Test this binary's unit tests",
    ),
    flag("examples", None, None, Selects, "Test the examples"),
    flag("example", None, Some("NAME"), Selects, "Test this example"),
    flag(
        "tests",
        None,
        None,
        Selects,
        "Test all targets that `cargo test` runs",
    ),
    flag(
        "test",
        None,
        Some("NAME"),
        Selects,
        "Test this integration test target",
    ),
    flag("benches", None, None, Selects, "Test the benchmarks"),
    flag("bench", None, Some("NAME"), Selects, "Test this benchmark"),
    flag("all-targets", None, None, Selects, "Test all targets"),
    flag(
        "features",
        Some('F'),
        Some("FEATURES"),
        ToCargo,
        "Activate these features",
    ),
    flag("all-features", None, None, ToCargo, "Activate all features"),
    flag(
        "no-default-features",
        None,
        None,
        ToCargo,
        "Do not activate `default`",
    ),
    flag(
        "release",
        Some('r'),
        None,
        ToCargo,
        "Build with optimisations",
    ),
    flag(
        "cargo-profile",
        None,
        Some("NAME"),
        As("profile"),
        "Build with this profile of cargo's",
    ),
    flag(
        "jobs",
        Some('j'),
        Some("N"),
        ToCargo,
        "Build so many crates at a time",
    ),
    flag(
        "target",
        None,
        Some("TRIPLE"),
        ToCargo,
        "Build for this target",
    ),
    flag(
        "target-dir",
        None,
        Some("DIR"),
        ToCargo,
        "Build in this directory",
    ),
    flag(
        "manifest-path",
        None,
        Some("PATH"),
        ToCargo,
        "Path of `Cargo.toml`",
    ),
    flag(
        "ignore-rust-version",
        None,
        None,
        ToCargo,
        "Ignore packages' `rust-version`",
    ),
    flag("locked", None, None, ToCargo, "Do not change `Cargo.lock`"),
    flag("offline", None, None, ToCargo, "Do not access the network"),
    flag("frozen", None, None, ToCargo, "Both of these"),
    flag("verbose", Some('v'), None, ToCargo, "Let cargo say more"),
    flag(
        "cargo-config",
        None,
        Some("KEY=VALUE"),
        As("config"),
        "Override a value of cargo's configuration",
    ),
    flag(
        "quiet",
        Some('q'),
        None,
        ToBoth,
        "Say less: cargo, and the report",
    ),
    flag(
        "color",
        None,
        Some("auto|always|never"),
        ToBoth,
        "Whether to colour what is said",
    ),
    flag("no-run", None, None, Ours, "Only build"),
    flag(
        "json",
        None,
        None,
        Ours,
        "List, fixtures and plan for programs",
    ),
    flag("force", None, None, Ours, "Of init: overwrite files"),
    flag(
        "sweep",
        None,
        None,
        Ours,
        "Of doctor: clean what dead processes left",
    ),
    flag(
        "from",
        None,
        Some("FILE"),
        Ours,
        "Of bisect: the order of a run that `--events` wrote",
    ),
    flag("help", Some('h'), None, Ours, "Print this text"),
    // Which only the configuration could have set otherwise.
    flag("no-fail-fast", None, None, ToTestsAs("--max-fail=0"), ""),
    flag(
        "doc",
        None,
        None,
        Refused("documentation tests are run by `cargo test --doc`"),
        "",
    ),
    flag(
        "message-format",
        None,
        Some("FMT"),
        Refused("see `--format` for the report's format"),
        "",
    ),
];

/// Where the explanations start.
const COLUMN: usize = 30;

pub(super) fn help(command: Command) -> String {
    let mut out = format!(
        "Usage: cargo itest [COMMAND] [OPTIONS] [FILTERS...] [-- [TEST OPTIONS] [FILTERS...]]\n\n\
         {}\n{}\nCommands:\n",
        command.about(),
        command.more()
    );
    for command in Command::ALL {
        let _ = writeln!(out, "  {:13}{}", command.name(), command.about());
    }
    out.push_str("\nOptions for building, as `cargo test` has them:\n");
    for flag in FLAGS.iter().filter(|flag| !flag.help.is_empty()) {
        let mut usage = match flag.short {
            Some(short) => format!("  -{short}, --{}", flag.name),
            None => format!("      --{}", flag.name),
        };
        if let Some(value) = flag.value {
            usage.push(' ');
            usage.push_str(value);
        }
        let _ = if usage.len() + 2 <= COLUMN {
            writeln!(out, "{usage:COLUMN$}{}", flag.help)
        } else {
            writeln!(out, "{usage}\n{:COLUMN$}{}", "", flag.help)
        };
    }
    out.push_str(
        "\nAll other options are those of the tests, before or behind `--`; of equal ones (`--test`,\n\
         `--bench`) cargo's stand before it and the tests' behind it:\n",
    );
    let tests = crate::cli::help();
    // From the first title on.
    let options = tests.find("\nOptions").map_or("", |at| &tests[at..]);
    out.push_str(options);
    out
}
