//! The script for fish.

use std::fmt::Write;

use super::{Completed, Value, all, of_tests};
use crate::cargo::words::Command;

pub(super) fn script() -> String {
    let mut commands = String::new();
    for command in Command::ALL {
        let about = quoted(command.about());
        // Writing to a string cannot fail.
        let _ = writeln!(
            commands,
            "    complete -c $program -n __cargo_itest_first -f -a {} -d {about}",
            command.name()
        );
    }
    SCRIPT
        .replace("@COMMANDS@", &commands)
        .replace("@ALL@", &options(&all()))
        .replace("@TESTS@", &behind(&of_tests()))
}

/// Behind `--` there are no options for fish: they are words like others.
fn behind(options: &[Completed]) -> String {
    let mut out = String::new();
    for option in options {
        let _ = writeln!(
            out,
            "    complete -c $program -n __cargo_itest_behind -f -a --{} -d {}",
            option.name,
            quoted(&option.help)
        );
    }
    out
}

fn options(options: &[Completed]) -> String {
    let mut out = String::new();
    for option in options {
        let short = option
            .short
            .map_or(String::new(), |short| format!(" -s {short}"));
        let value = match option.value {
            Value::Nothing | Value::Optional(_) => String::new(),
            Value::OneOf(values) => format!(" -x -a {}", quoted(&values.replace('|', " "))),
            Value::Names(kind) => format!(" -x -a '(__cargo_itest_names {kind})'"),
            Value::File(_) => " -r -F".to_owned(),
            Value::Directory(_) => " -x -a '(__fish_complete_directories)'".to_owned(),
            Value::Other(_) => " -x".to_owned(),
        };
        let _ = writeln!(
            out,
            "    complete -c $program -n __cargo_itest_before{short} -l {}{value} -d {}",
            option.name,
            quoted(&option.help)
        );
    }
    out
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\\', r"\\").replace('\'', r"\'"))
}

const SCRIPT: &str = r#"# Completions of `cargo itest` for fish, made by `cargo itest completions fish`.

function __cargo_itest_names
    cargo itest --itest-complete $argv[1] 2>/dev/null
end

# What stands between `cargo itest` and the cursor; false elsewhere.
function __cargo_itest_words
    set -l words (commandline -opc)
    if string match -qr '(^|/)cargo$' -- $words[1]
        set -e words[1]
        while string match -qr '^[-+]' -- $words[1]
            set -e words[1]
        end
        test "$words[1]" = itest; or return 1
    end
    set -e words[1]
    string join \n -- $words
    return 0
end

function __cargo_itest_first
    set -l words (__cargo_itest_words); or return 1
    test (count $words) -eq 0
end

function __cargo_itest_before
    set -l words (__cargo_itest_words); or return 1
    not contains -- -- $words
end

function __cargo_itest_behind
    set -l words (__cargo_itest_words); or return 1
    contains -- -- $words
end

function __cargo_itest_is
    set -l words (__cargo_itest_words); or return 1
    contains -- "$words[1]" $argv
end

# Whether names of tests may follow.
function __cargo_itest_filters
    set -l words (__cargo_itest_words); or return 1
    not contains -- "$words[1]" completions report init doctor
end

for program in cargo cargo-itest
    complete -c $program -n __cargo_itest_filters -f -a '(__cargo_itest_names tests)'
    complete -c $program -n '__cargo_itest_is completions' -f -a 'bash zsh fish'
    complete -c $program -n '__cargo_itest_is init doctor' -f
    complete -c $program -n '__cargo_itest_is report' -F
@COMMANDS@@ALL@@TESTS@end
"#;
