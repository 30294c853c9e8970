//! What is said about flags: the text of `--help`, and the flag that was probably meant.

use std::fmt::Write;

use super::flags::{FLAGS, Flag, Origin, Takes};

/// Where the explanations start.
const COLUMN: usize = 30;

/// The text of `--help`.
pub(super) fn text() -> String {
    let mut out = String::from(
        "Usage: cargo test [--test TARGET] -- [OPTIONS] [FILTERS...]

Runs the tests whose name contains one of the FILTERS; without any, all tests.
",
    );
    for (title, origin) in [
        ("Options, as libtest has them", Origin::Libtest),
        (
            "Options that libtest has only with `-Z unstable-options`",
            Origin::LibtestUnstable,
        ),
        ("Options of itest", Origin::Itest),
    ] {
        out.push_str(&format!("\n{title}:\n"));
        for flag in FLAGS.iter().filter(|flag| flag.origin == origin) {
            describe(&mut out, flag);
        }
    }
    out.push_str(
        "
A variable in brackets stands for its flag where there is no command line.
The exit code is 0, or 101 if a test failed or the command line cannot be followed.
",
    );
    out
}

fn describe(out: &mut String, flag: &Flag) {
    if flag.help.is_empty() {
        return;
    }
    let mut usage = match (flag.short, flag.name) {
        (Some(short), "") => format!("  -{short}"),
        (Some(short), name) => format!("  -{short}, --{name}"),
        (None, name) => format!("      --{name}"),
    };
    match flag.takes {
        Takes::Nothing(_) => (),
        Takes::Value(value, _) => {
            usage.push(' ');
            usage.push_str(value);
        }
        Takes::Optional(value, _) => {
            usage.push_str("[=");
            usage.push_str(value);
            usage.push(']');
        }
    }
    let variable = flag.variable.map(|name| format!("[{name}]"));
    let mut lines = flag.help.lines().chain(variable.as_deref());
    // A usage that reaches into the explanations' column has a line to itself.
    if usage.chars().count() + 2 <= COLUMN {
        let first = lines.next().unwrap_or_default();
        usage = format!("{usage:COLUMN$}{first}");
    }
    out.push_str(&usage);
    out.push('\n');
    for line in lines {
        // Writing to a string cannot fail.
        let _ = writeln!(out, "{:COLUMN$}{line}", "");
    }
}

/// The flag that was meant by one that does not exist.
pub(super) fn similar(written: &str) -> Option<&'static str> {
    let names = FLAGS
        .iter()
        .filter(|flag| !flag.help.is_empty() && !flag.name.is_empty())
        .map(|flag| flag.name);
    nearest(written, names)
}

/// The name that was meant by one that does not exist.
pub(crate) fn nearest<'n>(
    written: &str,
    names: impl Iterator<Item = &'n str> + Clone,
) -> Option<&'n str> {
    if written.chars().count() < 2 {
        return None;
    }
    let (distance, nearest) = names
        .clone()
        .map(|name| (distance(written, name), name))
        .min_by_key(|(distance, _)| *distance)?;
    if distance <= 1 + written.len() / 5 {
        Some(nearest)
    } else {
        names.clone().find(|name| name.starts_with(written))
    }
}

/// How many characters must be inserted, removed, replaced, or swapped with their neighbour.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    // The rows of the usual table for the last two characters of `a`, and for this one.
    let mut before: Vec<usize> = Vec::new();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    let mut previous = None;
    for (i, x) in a.chars().enumerate() {
        let mut next = vec![i + 1];
        for (j, y) in b.iter().enumerate() {
            let mut cost = (row[j] + usize::from(x != *y))
                .min(row[j + 1] + 1)
                .min(next[j] + 1);
            if j > 0 && Some(*y) == previous && x == b[j - 1] {
                cost = cost.min(before[j - 1] + 1);
            }
            next.push(cost);
        }
        before = std::mem::replace(&mut row, next);
        previous = Some(x);
    }
    row[b.len()]
}
