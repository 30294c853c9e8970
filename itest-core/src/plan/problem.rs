//! What is wrong with a binary's fixtures, told all at once in the shape of a compiler's errors.

use std::collections::HashMap;
use std::fmt::{self, Write as _};

use crate::def::Location;
use crate::sort;

/// One mistake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Problem {
    pub(crate) message: String,
    pub(crate) location: Location,
    /// Behind the location: `` requested by `api::creates_user` ``.
    pub(crate) label: String,
    pub(crate) notes: Vec<String>,
    pub(crate) help: Option<String>,
    /// Further tests with the same mistake.
    others: usize,
}

impl Problem {
    pub(crate) fn new(message: String, location: Location) -> Self {
        Problem {
            message,
            location,
            label: String::new(),
            notes: Vec::new(),
            help: None,
            others: 0,
        }
    }

    pub(crate) fn label(mut self, label: String) -> Self {
        self.label = label;
        self
    }

    pub(crate) fn note(mut self, note: String) -> Self {
        self.notes.push(note);
        self
    }

    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error: {}\n  --> {}", self.message, self.location)?;
        if !self.label.is_empty() {
            write!(f, ": {}", self.label)?;
        }
        match self.others {
            0 => {}
            1 => f.write_str("\n   = note: one more test has this problem")?,
            n => write!(f, "\n   = note: {n} more tests have this problem")?,
        }
        for note in &self.notes {
            write!(f, "\n   = note: {note}")?;
        }
        if let Some(help) = &self.help {
            write!(f, "\n   = help: {help}")?;
        }
        Ok(())
    }
}

/// Collects problems; the same one met again only counts.
#[derive(Debug, Default)]
pub(crate) struct Problems {
    all: Vec<Problem>,
    seen: HashMap<String, usize>,
}

impl Problems {
    /// `same` tells problems apart: equal keys are one problem.
    pub(crate) fn push(&mut self, same: String, problem: Problem) {
        match self.seen.get(&same) {
            Some(&index) => self.all[index].others += 1,
            None => {
                self.seen.insert(same, self.all.len());
                self.all.push(problem);
            }
        }
    }

    /// `Ok` if there are none.
    pub(crate) fn into_result(mut self) -> Result<(), PlanError> {
        if self.all.is_empty() {
            return Ok(());
        }
        sort::by_key(&mut self.all, |problem| problem.location);
        Err(PlanError { problems: self.all })
    }
}

/// The binary's fixtures do not fit together; nothing was run.
#[derive(Debug, Clone)]
pub(crate) struct PlanError {
    pub(crate) problems: Vec<Problem>,
}

impl fmt::Display for PlanError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for problem in &self.problems {
            writeln!(f, "{problem}\n")?;
        }
        match self.problems.len() {
            1 => f.write_str("error: nothing was run because of the problem above"),
            n => write!(
                f,
                "error: nothing was run because of the {n} problems above"
            ),
        }
    }
}

/// `` `a`, `b` ``, at most `limit` of them.
pub(crate) fn quoted<'a>(names: impl IntoIterator<Item = &'a str>, limit: usize) -> String {
    let mut text = String::new();
    for (i, name) in names.into_iter().enumerate() {
        if i == limit {
            text.push_str(", …");
            break;
        }
        let comma = if i == 0 { "" } else { ", " };
        let _ = write!(text, "{comma}`{name}`");
    }
    text
}

/// `` `t` -> `app` -> `db` ``
pub(crate) fn chain<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let mut text = String::new();
    for name in names {
        let arrow = if text.is_empty() { "" } else { " -> " };
        let _ = write!(text, "{arrow}`{name}`");
    }
    text
}

/// The candidate that `name` is probably a misspelling of.
pub(crate) fn similar<'a>(
    name: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let limit = (name.chars().count() / 3).max(1);
    candidates
        .into_iter()
        .map(|candidate| (edit_distance(name, candidate), candidate))
        .filter(|(distance, _)| *distance > 0 && *distance <= limit)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Levenshtein's.
pub(crate) fn edit_distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, &to) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(from != to);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

/// A type's name without the modules of its parts: `Vec<Option<User>>`.
pub(crate) fn short_type(name: &str) -> String {
    let mut short = String::with_capacity(name.len());
    let mut start = 0;
    let ident = |c: char| c.is_alphanumeric() || c == '_';
    let bytes: Vec<char> = name.chars().collect();
    let mut i = 0;
    while i < bytes.len() {
        if bytes[i] == ':' && bytes.get(i + 1) == Some(&':') {
            // What was pushed since `start` was a module; `{{closure}}` and `<T as Trait>` stay.
            if short[start..].chars().all(ident) {
                short.truncate(start);
            } else {
                short.push_str("::");
                start = short.len();
            }
            i += 2;
            continue;
        }
        short.push(bytes[i]);
        if !ident(bytes[i]) {
            start = short.len();
        }
        i += 1;
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_lose_their_modules() {
        let check = |name: &str, short: &str| assert_eq!(short_type(name), short);
        check("alloc::string::String", "String");
        check(
            "alloc::vec::Vec<core::option::Option<app::User>>",
            "Vec<Option<User>>",
        );
        check("u32", "u32");
        check("&str", "&str");
        check("(a::B, c::D)", "(B, D)");
        check(
            "dyn core::error::Error + core::marker::Send",
            "dyn Error + Send",
        );
    }

    #[test]
    fn suggestions_are_close() {
        let names = ["db", "database", "tmp_dir"];
        assert_eq!(similar("databse", names), Some("database"));
        assert_eq!(similar("tmpdir", names), Some("tmp_dir"));
        assert_eq!(similar("user", names), None);
        assert_eq!(edit_distance("kitten", "sitting"), 3);
    }
}
