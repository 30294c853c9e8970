//! The text of a history: a head with the number of lines and, once all tests of the binary have
//! run, of tests; then a line for each test that is worth one.
//!
//! ```text
//! itest history 1: 2 of 310
//! 1520 pppf api::creates_user
//! - s api::needs_docker
//! ```
//!
//! A test that always passed in next to no time has no line. A line has microseconds, past outcomes with the last one at the end, and the name, in which `\` and line
//! breaks are escaped. A journal has such lines without a head, one outcome each.

use std::borrow::Cow;
use std::fmt::Write;
use std::time::Duration;

use super::Ran;
use crate::event::TestName;

/// What is known of one test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) name: TestName,
    pub(crate) duration: Option<Duration>,
    pub(crate) outcomes: Outcomes,
}

/// How a test ended once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Past {
    Passed,
    /// Passed, but not at the first attempt.
    Flaky,
    Failed,
    /// A fixture failed.
    Error,
    Skipped,
    Xfailed,
    Xpassed,
}

/// The last few ends of a test, the latest in the lowest four bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Outcomes(u64);

const HEAD: &str = "itest history 1: ";

impl Past {
    const ALL: [Past; 7] = [
        Past::Passed,
        Past::Flaky,
        Past::Failed,
        Past::Error,
        Past::Skipped,
        Past::Xfailed,
        Past::Xpassed,
    ];

    fn letter(self) -> char {
        match self {
            Past::Passed => 'p',
            Past::Flaky => 'y',
            Past::Failed => 'f',
            Past::Error => 'e',
            Past::Skipped => 's',
            Past::Xfailed => 'x',
            Past::Xpassed => 'X',
        }
    }

    #[cfg(feature = "cli")]
    pub(crate) fn word(self) -> &'static str {
        match self {
            Past::Passed => "passed",
            Past::Flaky => "flaky",
            Past::Failed => "failed",
            Past::Error => "error",
            Past::Skipped => "skipped",
            Past::Xfailed => "xfailed",
            Past::Xpassed => "xpassed",
        }
    }

    /// Whether it made its run fail.
    pub(crate) fn is_failure(self) -> bool {
        matches!(self, Past::Failed | Past::Error)
    }
}

impl Outcomes {
    /// Whether it was never seen to end other than by passing.
    fn all_passed(self) -> bool {
        self.iter().all(|past| past == Past::Passed)
    }

    /// How many are kept.
    pub(crate) const KEPT: u32 = 16;

    fn push(&mut self, past: Past) {
        self.0 = (self.0 << 4) | (past as u64 + 1);
    }

    /// Oldest first.
    pub(crate) fn iter(self) -> impl Iterator<Item = Past> {
        (0..Self::KEPT).rev().filter_map(move |back| {
            let digit = (self.0 >> (4 * back)) & 0xf;
            Past::ALL.get((digit as usize).checked_sub(1)?).copied()
        })
    }

    /// The last one that was not a skip.
    pub(crate) fn last(self) -> Option<Past> {
        self.iter().filter(|past| *past != Past::Skipped).last()
    }
}

impl Entry {
    /// Takes in one more end.
    ///
    /// A time that is about what it was before stays the same, and with it what is decided by it.
    pub(super) fn add(&mut self, ran: Ran) {
        self.outcomes.push(ran.past);
        // What stopped a failing test says little about how long it takes.
        let told = ran
            .duration
            .filter(|_| self.duration.is_none() || !ran.past.is_failure());
        if let Some(now) = told
            && !self.duration.is_some_and(|known| is_near(known, now))
        {
            self.duration = Some(Duration::from_micros(micros(now)));
        }
    }

    /// Whether nothing would be lost without it.
    pub(super) fn is_plain(&self) -> bool {
        self.duration.is_some_and(|duration| duration < QUICK) && self.outcomes.all_passed()
    }
}

impl Ran {
    /// Leaves only how the test ended.
    pub(crate) fn forget_time(&mut self) {
        self.duration = None;
    }

    /// Whether a test that is not known needs no line because of it.
    pub(super) fn is_plain(self) -> bool {
        self.past == Past::Passed && self.duration.is_none_or(|duration| duration < QUICK)
    }
}

/// A test that takes less takes no time worth remembering.
pub(crate) const QUICK: Duration = Duration::from_millis(1);

/// Within what is not worth remembering, or a tenth.
fn is_near(known: Duration, now: Duration) -> bool {
    let difference = known.abs_diff(now);
    difference < QUICK || difference <= known / 10
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

/// The whole file.
pub(super) fn text(entries: &[Entry], tests: Option<usize>) -> String {
    let mut text = String::with_capacity(64 * (entries.len() + 1));
    // Writing to a string cannot fail.
    let _ = match tests {
        Some(tests) => writeln!(text, "{HEAD}{} of {tests}", entries.len()),
        None => writeln!(text, "{HEAD}{}", entries.len()),
    };
    for entry in entries {
        line(
            &mut text,
            entry.duration,
            entry.outcomes.iter(),
            &entry.name,
        );
    }
    text
}

/// Lines to append.
pub(super) fn journal(ran: &[(TestName, Ran)]) -> String {
    let mut text = String::new();
    for (name, ran) in ran {
        line(&mut text, ran.duration, [ran.past].into_iter(), name);
    }
    text
}

fn line(
    text: &mut String,
    duration: Option<Duration>,
    outcomes: impl Iterator<Item = Past>,
    name: &str,
) {
    match duration {
        Some(duration) => {
            let _ = write!(text, "{}", micros(duration));
        }
        None => text.push('-'),
    }
    text.push(' ');
    text.extend(outcomes.map(Past::letter));
    text.push(' ');
    text.push_str(&escaped(name));
    text.push('\n');
}

/// The entries of a whole file and how many tests there were, or what is wrong with it.
pub(super) fn parse(text: &str) -> Result<(Vec<Entry>, Option<usize>), String> {
    let (head, rest) = text.split_once('\n').unwrap_or((text, ""));
    let Some((count, tests)) = head.strip_prefix(HEAD).and_then(parse_head) else {
        return Err("the first line is not a history's".to_owned());
    };
    // The head may lie about how many there are.
    let mut entries = Vec::with_capacity(count.min(rest.len() / 4));
    for (index, line) in rest.lines().enumerate() {
        let Some(entry) = parse_line(line) else {
            return Err(format!("line {} is not a test's", index + 2));
        };
        entries.push(entry);
    }
    if entries.len() != count || !(rest.is_empty() || rest.ends_with('\n')) {
        return Err(format!("it ends after {} of {count} lines", entries.len()));
    }
    Ok((entries, tests))
}

fn parse_head(head: &str) -> Option<(usize, Option<usize>)> {
    match head.split_once(" of ") {
        Some((count, tests)) => Some((count.parse().ok()?, Some(tests.parse().ok()?))),
        None => Some((head.parse().ok()?, None)),
    }
}

/// What the lines of a journal say; those that say nothing are left out.
pub(super) fn parse_journal(text: &str) -> Vec<(TestName, Ran)> {
    let whole = text.rfind('\n').map_or("", |end| &text[..end]);
    let ran = whole.lines().filter_map(|line| {
        let entry = parse_line(line)?;
        let past = entry.outcomes.iter().last()?;
        let duration = entry.duration;
        Some((entry.name, Ran { past, duration }))
    });
    ran.collect()
}

fn parse_line(line: &str) -> Option<Entry> {
    let (duration, rest) = line.split_once(' ')?;
    let (letters, name) = rest.split_once(' ')?;
    let duration = match duration {
        "-" => None,
        // `parse` would also take a sign.
        digits if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
            Some(Duration::from_micros(digits.parse().ok()?))
        }
        _ => return None,
    };
    if letters.len() > Outcomes::KEPT as usize || name.is_empty() {
        return None;
    }
    let mut outcomes = Outcomes::default();
    for letter in letters.chars() {
        outcomes.push(Past::ALL.into_iter().find(|past| past.letter() == letter)?);
    }
    Some(Entry {
        name: unescaped(name)?,
        duration,
        outcomes,
    })
}

fn escaped(name: &str) -> Cow<'_, str> {
    if !name.contains(['\\', '\n', '\r']) {
        return name.into();
    }
    let name = name.replace('\\', "\\\\");
    name.replace('\n', "\\n").replace('\r', "\\r").into()
}

fn unescaped(name: &str) -> Option<TestName> {
    if !name.contains('\\') {
        return Some(name.into());
    }
    let mut plain = String::new();
    let mut chars = name.chars();
    while let Some(next) = chars.next() {
        plain.push(match next {
            '\\' => match chars.next()? {
                '\\' => '\\',
                'n' => '\n',
                'r' => '\r',
                _ => return None,
            },
            other => other,
        });
    }
    Some(plain.into())
}
