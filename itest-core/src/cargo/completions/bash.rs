//! The script for bash.
//!
//! It needs no library, and works with bash 3.2. `complete` has one function for each command, so
//! cargo's own is called for all that is not `cargo itest`.

use std::fmt::Write;

use super::{Completed, Value, all, of_tests};
use crate::cargo::words::Command;

pub(super) fn script() -> String {
    let commands: Vec<&str> = Command::ALL.iter().map(|command| command.name()).collect();
    SCRIPT
        .replace("@COMMANDS@", &commands.join(" "))
        .replace("@ALL@", &written(&all()))
        .replace("@TESTS@", &written(&of_tests()))
        .replace("@VALUES@", &values())
}

fn written(options: &[Completed]) -> String {
    let all: Vec<String> = options.iter().flat_map(Completed::written).collect();
    all.join(" ")
}

/// A branch for each flag that takes a value.
fn values() -> String {
    let mut out = String::new();
    for option in all() {
        let pattern = option.written().join("|");
        let action = match option.value {
            Value::Nothing | Value::Optional(_) => continue,
            Value::OneOf(values) => {
                format!("_cargo_itest_words '{}'", values.replace('|', " "))
            }
            Value::Names(kind) => format!("_cargo_itest_names {kind}"),
            Value::File(_) => "_cargo_itest_files -f".to_owned(),
            Value::Directory(_) => "_cargo_itest_files -d".to_owned(),
            Value::Other(_) => ":".to_owned(),
        };
        // Writing to a string cannot fail.
        let _ = writeln!(out, "        {pattern}) {action} ;;");
    }
    out
}

const SCRIPT: &str = r#"# Completions of `cargo itest` for bash, made by `cargo itest completions bash`.

_cargo_itest_words() {
    COMPREPLY=($(compgen -W "$1" -- "$cur"))
}

_cargo_itest_names() {
    _cargo_itest_words "$(cargo itest --itest-complete "$1" 2>/dev/null)"
}

_cargo_itest_files() {
    local IFS=$'\n'
    compopt -o filenames 2>/dev/null
    COMPREPLY=($(compgen "$1" -- "$cur"))
}

# The value of the flag $1; false if it takes none.
_cargo_itest_value() {
    case "$1" in
@VALUES@        *) return 1 ;;
    esac
}

_cargo_itest() {
    # bash splits words at `:` and `=`, as in names of tests and values of flags; here they are whole.
    local line="${COMP_LINE:0:COMP_POINT}" words word cur prev start='' i=0 command='' behind=''
    cur="${line##*[[:space:]]}"
    local whole="$cur"
    read -r -a words <<< "${line%"$cur"}"
    COMPREPLY=()
    if [[ "${words[0]##*/}" == cargo ]]; then
        while [[ $i -lt ${#words[@]} && "${words[$i]}" != itest ]]; do i=$((i + 1)); done
    fi
    i=$((i + 1))
    if [[ $i -ge ${#words[@]} ]]; then
        command=none
    else
        for word in @COMMANDS@; do
            [[ "${words[$i]}" == "$word" ]] && command="$word"
        done
        for word in "${words[@]:$i}"; do
            [[ "$word" == -- ]] && behind=1
        done
    fi
    prev="${words[${#words[@]} - 1]}"
    if [[ "$cur" == --*=* ]]; then
        start="${cur%%=*}="
        prev="${cur%%=*}"
        cur="${cur#*=}"
        _cargo_itest_value "$prev"
    elif [[ -z "$behind" || "$prev" != --test && "$prev" != --bench ]] && _cargo_itest_value "$prev"; then
        :
    elif [[ "$cur" == -* ]]; then
        if [[ -n "$behind" ]]; then
            _cargo_itest_words '@TESTS@'
        else
            _cargo_itest_words '@ALL@ --'
        fi
    elif [[ "$command" == none ]]; then
        _cargo_itest_words '@COMMANDS@'
        [[ ${#COMPREPLY[@]} -gt 0 ]] || _cargo_itest_names tests
    elif [[ "$command" == completions ]]; then
        _cargo_itest_words 'bash zsh fish'
    elif [[ "$command" == report ]]; then
        _cargo_itest_files -f
    elif [[ "$command" != init && "$command" != doctor ]]; then
        _cargo_itest_names tests
    fi
    # What bash takes for words of their own is there already.
    local split="${whole%"${whole##*[:=]}"}"
    for i in "${!COMPREPLY[@]}"; do
        word="$start${COMPREPLY[$i]}"
        COMPREPLY[$i]="${word#"$split"}"
    done
}

# The function for all else of `cargo`; `none` if there is none.
: "${_cargo_itest_other:=}"

_cargo_itest_of_cargo() {
    local i
    for ((i = 1; i < COMP_CWORD; i++)); do
        if [[ "${COMP_WORDS[$i]}" == itest ]]; then
            _cargo_itest "$@"
            return
        fi
        [[ "${COMP_WORDS[$i]}" == [-+]* ]] || break
    done
    if [[ -z "$_cargo_itest_other" ]]; then
        # Whoever loads functions when they are needed first was not asked: this one was there.
        complete -r cargo
        if declare -F _comp_load >/dev/null; then
            _comp_load cargo 2>/dev/null
        elif declare -F _completion_loader >/dev/null; then
            _completion_loader cargo 2>/dev/null
        fi
        _cargo_itest_take_place
        : "${_cargo_itest_other:=none}"
    fi
    COMPREPLY=()
    [[ "$_cargo_itest_other" == none ]] || "$_cargo_itest_other" "$@"
}

_cargo_itest_take_place() {
    local known
    known="$(complete -p cargo 2>/dev/null)"
    if [[ "$known" == *" -F "* ]]; then
        known="${known##* -F }"
        known="${known%% *}"
        [[ "$known" == _cargo_itest_of_cargo || "$known" == _minimal ]] || _cargo_itest_other="$known"
    fi
    complete -o bashdefault -o default -F _cargo_itest_of_cargo cargo
}

_cargo_itest_take_place
complete -F _cargo_itest cargo-itest
"#;
