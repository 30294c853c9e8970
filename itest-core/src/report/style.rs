//! [`Style`]: colours, and other small matters of print.

use std::borrow::Cow;
use std::fmt::{self, Display};

/// Whether the output is in colour.
#[derive(Debug, Clone, Copy)]
pub(super) struct Style {
    pub(super) color: bool,
}

/// What colours mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tone {
    /// As it should be: green.
    Good,
    /// To be looked at: red.
    Bad,
    /// To be noticed: yellow.
    Odd,
}

impl Style {
    /// The text, in colour if there are colours.
    pub(super) fn paint<T: Display>(self, tone: Tone, text: T) -> Painted<T> {
        Painted {
            tone: self.color.then_some(tone),
            text,
        }
    }
}

/// See [`Style::paint`].
#[derive(Debug)]
pub(super) struct Painted<T> {
    tone: Option<Tone>,
    text: T,
}

impl<T: Display> Display for Painted<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let color = match self.tone {
            None => return self.text.fmt(f),
            Some(Tone::Bad) => 31,
            Some(Tone::Good) => 32,
            Some(Tone::Odd) => 33,
        };
        write!(f, "\x1b[{color}m{}\x1b[0m", self.text)
    }
}

/// `1 test`, `2 tests`.
pub(super) fn count(n: usize, noun: &str) -> String {
    let s = if n == 1 { "" } else { "s" };
    format!("{n} {noun}{s}")
}

/// Text of the user's where the format is one line per thing.
pub(super) fn one_line(text: &str) -> Cow<'_, str> {
    if text.contains(['\n', '\r']) {
        Cow::Owned(text.split_whitespace().collect::<Vec<_>>().join(" "))
    } else {
        Cow::Borrowed(text)
    }
}

/// `` `a`, `b` and 3 more ``
pub(crate) fn names<S: AsRef<str>>(names: &[S]) -> String {
    let shown = names.len().min(5);
    let mut text = names[..shown]
        .iter()
        .map(|name| format!("`{}`", name.as_ref()))
        .collect::<Vec<_>>()
        .join(", ");
    if shown < names.len() {
        text += &format!(" and {} more", names.len() - shown);
    }
    text
}
