//! [`Width`]: keeps lines from being broken by the terminal, where there is one.
//!
//! Names lose their middle, reasons their end. What people paste, the names in the lists at the
//! end, is never shortened, and nothing is where the report is not for a terminal.

use std::borrow::Cow;

use super::live::columns;

/// How wide lines may be.
#[derive(Debug, Clone, Copy)]
pub(super) struct Width(Option<fn() -> usize>);

/// A shorter piece of a name says nothing.
const LEAST: usize = 16;

impl Width {
    /// So much of a result is always there: `FAILED …`.
    pub(super) const WORD: usize = 8;

    /// Of the terminal, if there is one, whenever it is asked.
    pub(super) fn new(terminal: bool) -> Self {
        Width(terminal.then_some(columns as fn() -> usize))
    }

    #[cfg(test)]
    pub(super) fn fixed(columns: fn() -> usize) -> Self {
        Width(Some(columns))
    }

    /// Characters that fit into a line; the last column stays free for the cursor.
    pub(super) fn columns(self) -> Option<usize> {
        self.0.map(|columns| columns().saturating_sub(1))
    }

    /// A name in a line that has so many characters besides.
    pub(super) fn name(self, name: &str, besides: usize) -> Cow<'_, str> {
        match self.columns() {
            Some(columns) => without_middle(name, columns.saturating_sub(besides).max(LEAST)),
            None => name.into(),
        }
    }

    /// A name and what comes behind it, in a line that has so many characters besides: the name
    /// has at least two thirds of the room.
    pub(super) fn pair<'a>(
        self,
        name: &'a str,
        rest: &'a str,
        besides: usize,
    ) -> (Cow<'a, str>, Cow<'a, str>) {
        let Some(columns) = self.columns() else {
            return (name.into(), rest.into());
        };
        let room = columns.saturating_sub(besides);
        let wanted = room.saturating_sub(length(rest));
        let name = without_middle(name, wanted.max(room * 2 / 3).max(LEAST));
        let rest = self.end(rest, besides + length(&name));
        (name, rest)
    }

    /// Text at the end of a line that has so many characters before.
    pub(super) fn end(self, text: &str, before: usize) -> Cow<'_, str> {
        match self.columns() {
            Some(columns) => without_end(text, columns.saturating_sub(before).max(Width::WORD)),
            None => text.into(),
        }
    }

    /// Breaks a line between its words where it must be broken, and indents what comes further down.
    ///
    /// What stands in backticks stays whole: it may be pasted.
    pub(super) fn wrapped(self, line: &str, indent: usize) -> Cow<'_, str> {
        let Some(columns) = self.columns().filter(|columns| length(line) > *columns) else {
            return line.into();
        };
        let mut text = String::new();
        let (mut used, mut margin) = (0, 0);
        for word in words(line) {
            if used > margin && used + length(word.trim_end()) > columns {
                text.truncate(text.trim_end().len());
                text.push('\n');
                text.extend(std::iter::repeat_n(' ', indent));
                (used, margin) = (indent, indent);
            }
            text.push_str(word);
            used += length(word);
        }
        text.into()
    }

    /// The same with each line of an error, behind the margin that its notes have.
    pub(super) fn wrapped_error(self, text: &str) -> Cow<'_, str> {
        if self.0.is_none() {
            return text.into();
        }
        let lines = text.split_inclusive('\n').map(|line| {
            let margin = match line.starts_with("   = ") {
                true => "   = note: ".len(),
                false => length(line) - length(line.trim_start()),
            };
            self.wrapped(line, margin.max(4))
        });
        lines.collect::<String>().into()
    }

    /// Breaks a line of several parts, `a; b`, where it must be broken.
    pub(super) fn broken(self, line: &str) -> Cow<'_, str> {
        let Some(columns) = self.columns().filter(|columns| length(line) > *columns) else {
            return line.into();
        };
        let fits = |at: &usize| length(&line[..*at]) < columns;
        let ends = line.match_indices("; ").map(|(at, _)| at);
        match ends.filter(fits).last() {
            Some(at) => format!("{};\n    {}", &line[..at], &line[at + 2..]).into(),
            None => line.into(),
        }
    }
}

/// The words of a line, each with the spaces behind it; text in backticks is a part of one word.
fn words(line: &str) -> impl Iterator<Item = &str> {
    let mut rest = line;
    std::iter::from_fn(move || {
        let mut is_quoted = false;
        let mut was_space = rest.starts_with(' ');
        let mut is_first = true;
        let end = rest.char_indices().find(|(_, c)| {
            let is_start = *c != ' ' && was_space && !is_quoted && !is_first;
            is_first &= *c == ' ';
            was_space = *c == ' ';
            is_quoted ^= *c == '`';
            is_start
        });
        let (word, left) = rest.split_at(end.map_or(rest.len(), |(at, _)| at));
        rest = left;
        (!word.is_empty()).then_some(word)
    })
}

fn length(text: &str) -> usize {
    text.chars().count()
}

/// The end of a name tells more than its beginning, so it keeps more.
fn without_middle(text: &str, most: usize) -> Cow<'_, str> {
    let length = length(text);
    if length <= most {
        return text.into();
    }
    let kept = most - 1;
    let head = kept / 3;
    let mut chars = text.chars();
    let mut short: String = chars.by_ref().take(head).collect();
    short.push('…');
    short.extend(text.chars().skip(length - (kept - head)));
    short.into()
}

fn without_end(text: &str, most: usize) -> Cow<'_, str> {
    if length(text) <= most {
        return text.into();
    }
    let mut short: String = text.chars().take(most - 1).collect();
    short.push('…');
    short.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lose_their_middle() {
        let check = |name: &str, besides: usize, expected: &str| {
            let width = Width::fixed(|| 41);
            assert_eq!(width.name(name, besides), expected, "{name}");
        };
        check("short", 20, "short");
        check("exactly_twenty_chars", 20, "exactly_twenty_chars");
        check("api::users::creates_a_user", 20, "api::u…reates_a_user");
        check("größer::größer::größer::größer", 20, "größer…rößer::größer");
        check("api::users::creates_a_user", 100, "api::…tes_a_user");
        let long = "x".repeat(500);
        assert_eq!(Width::new(false).name(&long, 100), long);
    }

    #[test]
    fn reasons_lose_their_end_first() {
        let check = |name: &str, rest: &str, expected: (&str, &str)| {
            let (name, rest) = Width::fixed(|| 41).pair(name, rest, 10);
            assert_eq!((&*name, &*rest), expected);
        };
        check("api::t", "ok", ("api::t", "ok"));
        check(
            "api::t",
            "ignored, the server that it needs is not there",
            ("api::t", "ignored, the server tha…"),
        );
        check(
            "api::users::creates_another_user",
            "ok",
            ("api::user…eates_another_user", "ok"),
        );
        check(
            "api::users::creates_another_user",
            "ignored, why",
            ("api::u…_another_user", "ignored, …"),
        );
    }

    #[test]
    fn a_long_line_is_broken_between_its_words() {
        let check = |line: &str, expected: &str| {
            let width = Width::fixed(|| 31);
            assert_eq!(width.wrapped(line, 4), expected, "{line}");
        };
        check("short enough", "short enough");
        check(
            "error: fixture `db` failed in setup; 1 test did not run",
            "error: fixture `db` failed in\n    setup; 1 test did not run",
        );
        check(
            "what `is here and long` stays whole, whatever comes",
            "what `is here and long` stays\n    whole, whatever comes",
        );
        let long = "x".repeat(40);
        check(
            &format!("at {long} end"),
            &format!("at\n    {long}\n    end"),
        );
        check(&long, &long);
        check(
            "    margin that is there already, and text",
            "    margin that is there\n    already, and text",
        );
        assert_eq!(Width::new(false).wrapped(&long, 4), long);
        let error = "  --> a.rs:1\n   = note: caused by: something that is long\n";
        let expected =
            "  --> a.rs:1\n   = note: caused by:\n           something that is\n           long\n";
        assert_eq!(Width::fixed(|| 31).wrapped_error(error), expected);
    }

    #[test]
    fn a_long_line_is_broken_between_its_parts() {
        let width = Width::fixed(|| 21);
        assert_eq!(width.broken("1 passed; 2 failed"), "1 passed; 2 failed");
        assert_eq!(
            width.broken("1 passed; 2 failed; 3 ignored"),
            "1 passed; 2 failed;\n    3 ignored"
        );
        assert_eq!(width.broken(&"x".repeat(30)), "x".repeat(30));
    }
}
