//! [`Given`]: a command line word by word as it was written, for processes that get a part of it.

use std::ffi::OsString;

use super::flags::{FLAGS, Flag, Takes};

/// A flag of a command line that can be followed.
struct Given<'w> {
    flag: &'static Flag,
    /// Itself, and its value where that is a word of its own.
    words: &'w [OsString],
    /// Where they begin.
    start: usize,
    value: Option<OsString>,
}

/// The flags among those words; what else there is are filters.
fn given(words: &[OsString]) -> Vec<Given<'_>> {
    let mut all = Vec::new();
    let mut index = 0;
    while let Some(word) = words.get(index) {
        let text = word.to_str().unwrap_or_default();
        if text == "--" {
            // Filters follow.
            break;
        }
        let Some((flag, attached)) = flag(text) else {
            index += 1;
            continue;
        };
        let takes_next = matches!(flag.takes, Takes::Value(..)) && attached.is_none();
        let end = (index + 1 + usize::from(takes_next)).min(words.len());
        let value = attached.or_else(|| takes_next.then(|| words.get(index + 1).cloned())?);
        all.push(Given {
            flag,
            words: &words[index..end],
            start: index,
            value,
        });
        index = end;
    }
    all
}

/// The flag that a word is, and the value in the same word.
fn flag(text: &str) -> Option<(&'static Flag, Option<OsString>)> {
    let mut flags = FLAGS.iter();
    if let Some(long) = text.strip_prefix("--") {
        let (name, value) = match long.split_once('=') {
            Some((name, value)) => (name, Some(value.into())),
            None => (long, None),
        };
        let flag = flags.find(|flag| !name.is_empty() && flag.name == name)?;
        return Some((flag, value));
    }
    let rest = text.strip_prefix('-')?;
    let short = rest.chars().next()?;
    let flag = flags.find(|flag| flag.short == Some(short))?;
    let value = &rest[short.len_utf8()..];
    Some((flag, (!value.is_empty()).then(|| value.into())))
}

/// Whether a value follows the flag of that name, or that letter, as a word of its own.
pub(crate) fn takes_value(name: &str, short: Option<char>) -> bool {
    let mut all = FLAGS.iter();
    all.any(|flag| {
        let is_meant =
            flag.name == name && !name.is_empty() || short.is_some() && flag.short == short;
        is_meant && matches!(flag.takes, Takes::Value(..))
    })
}

/// The variables that stand for the flags among those words, for processes that the words do not
/// reach.
pub(crate) fn variables(words: &[OsString]) -> Vec<(&'static str, OsString)> {
    let variable = |given: Given<'_>| {
        let value = match given.flag.takes {
            Takes::Value(..) => given.value?,
            _ => given.value.unwrap_or_else(|| "1".into()),
        };
        Some((given.flag.variable?, value))
    };
    given(words).into_iter().filter_map(variable).collect()
}

/// The words without filters, and without flags that `is_kept` does not want.
pub(crate) fn kept(words: &[OsString], is_kept: impl Fn(&str) -> bool) -> Vec<OsString> {
    let mut kept = Vec::new();
    for given in given(words) {
        if is_kept(given.flag.name) {
            kept.extend_from_slice(given.words);
        }
    }
    kept
}

/// The words without the flag of that name.
pub(crate) fn without(words: &[OsString], name: &str) -> Vec<OsString> {
    let mut words_left = words.to_vec();
    for given in given(words)
        .iter()
        .rev()
        .filter(|given| given.flag.name == name)
    {
        words_left.drain(given.start..given.start + given.words.len());
    }
    words_left
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<OsString> {
        line.split_whitespace().map(OsString::from).collect()
    }

    #[test]
    fn flags_are_kept_with_their_values() {
        let line = words("a --timeout 5s -m x -mx --require b --require=c --skip d -- --exact");
        let kept = |names: &[&str]| kept(&line, |name| names.contains(&name));
        assert_eq!(kept(&["timeout"]), words("--timeout 5s"));
        assert_eq!(kept(&["markers"]), words("-m x -mx"));
        assert_eq!(
            kept(&["require", "skip"]),
            words("--require --require=c --skip d")
        );
        assert_eq!(kept(&["exact"]), words(""));
        let line = words("a --shard 1/2 b --exact --shard=2/2 -- --shard c");
        assert_eq!(without(&line, "shard"), words("a b --exact -- --shard c"));
    }

    #[test]
    fn values_go_into_variables() {
        let line = words("-mfast --retries=2 --fail-fast --max-fail 3 --exact x --timeout");
        let expected = [
            ("ITEST_MARKERS", "fast"),
            ("ITEST_RETRIES", "2"),
            ("ITEST_FAIL_FAST", "1"),
            ("ITEST_MAX_FAIL", "3"),
        ];
        let expected = expected.map(|(name, value)| (name, OsString::from(value)));
        assert_eq!(variables(&line), expected);
    }
}
