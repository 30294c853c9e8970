//! The script for zsh.
//!
//! Cargo's own function calls `_cargo-itest` for `cargo itest`, wherever it was defined.

use std::fmt::Write;

use super::{Completed, Value, all, of_tests};
use crate::cargo::words::Command;

pub(super) fn script() -> String {
    SCRIPT
        .replace("@COMMANDS@", &commands())
        .replace("@ALL@", &specs(&all()))
        .replace("@TESTS@", &specs(&of_tests()))
}

fn commands() -> String {
    let mut out = String::new();
    for command in Command::ALL {
        let text = format!("{}:{}", command.name(), escaped(command.about()));
        // Writing to a string cannot fail.
        let _ = writeln!(out, "        {}", quoted(&text));
    }
    out
}

/// As `_arguments` takes them, a line for each way to write an option.
fn specs(options: &[Completed]) -> String {
    let mut out = String::new();
    for option in options {
        let written = option.written();
        let head = match option.repeatable {
            true => "*".to_owned(),
            false => format!("({})", written.join(" ")),
        };
        for name in &written {
            let (joint, value) = value(option.value, name.starts_with("--"));
            let spec = format!("{head}{name}{joint}[{}]{value}", escaped(&option.help));
            let _ = writeln!(out, "        {}", quoted(&spec));
        }
    }
    out
}

/// How the value is joined to the name, and what it is.
fn value(value: Value, is_long: bool) -> (&'static str, String) {
    let joint = if is_long { "=" } else { "+" };
    match value {
        Value::Nothing => ("", String::new()),
        Value::Optional(name) => ("=-", format!("::{}: ", escaped(name))),
        Value::OneOf(values) => (joint, format!(":one of:({})", values.replace('|', " "))),
        Value::Names(kind) => (joint, format!(":{kind}:{{_cargo-itest_names {kind}}}")),
        Value::File(name) => (joint, format!(":{name}:_files")),
        Value::Directory(name) => (joint, format!(":{name}:_files -/")),
        Value::Other(name) => (joint, format!(":{}: ", escaped(name))),
    }
}

fn escaped(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        if r"\[]:".contains(c) {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

const SCRIPT: &str = r#"#compdef cargo-itest
# Completions of `cargo itest` for zsh, made by `cargo itest completions zsh`.

_cargo-itest_names() {
    local -a names
    names=(${(f)"$(_call_program names cargo itest --itest-complete $1 2>/dev/null)"})
    compadd -a names
}

_cargo-itest_first() {
    local -a commands
    commands=(
@COMMANDS@    )
    _describe command commands
    _cargo-itest_names tests
}

_cargo-itest() {
    local curcontext="$curcontext" state state_descr line ret=1
    local -a context all tests
    typeset -A opt_args
    all=(
@ALL@    )
    tests=(
@TESTS@    )
    integer behind=${words[(i)--]}
    if (( behind < CURRENT )); then
        words=(itest "${(@)words[behind + 1, -1]}")
        (( CURRENT -= behind - 1 ))
        _arguments -s : "${tests[@]}" '*: :{_cargo-itest_names tests}'
        return
    fi
    _arguments -s -C : "${all[@]}" '1: :_cargo-itest_first' '*: :->rest' && ret=0
    if [[ $state == rest ]]; then
        case $line[1] in
            completions) compadd bash zsh fish && ret=0 ;;
            report) _files && ret=0 ;;
            init|doctor) ;;
            *) _cargo-itest_names tests && ret=0 ;;
        esac
    fi
    return ret
}

# Where nothing else completes `cargo`.
_cargo-itest_of_cargo() {
    if [[ $words[2] == itest && CURRENT -gt 2 ]]; then
        shift words
        (( CURRENT-- ))
        _cargo-itest
    else
        _default
    fi
}

if [[ "$funcstack[1]" == _cargo-itest ]]; then
    _cargo-itest "$@"
elif (( $+functions[compdef] )); then
    compdef _cargo-itest cargo-itest
    (( $+_comps[cargo] )) || compdef _cargo-itest_of_cargo cargo
fi
"#;
