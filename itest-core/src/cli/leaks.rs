//! [`Leaks`]: which things tests must not leave behind, and what happens if they do.

use crate::event::LeakKind;

/// What is to happen where a test leaves something behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Level {
    /// Nothing, and it is not looked for.
    Off,
    /// It is told.
    Warn,
    /// The test fails.
    Deny,
}

/// A level for each kind of leak.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Leaks([Level; LeakKind::ALL.len()]);

impl Leaks {
    pub(crate) const OFF: Leaks = Leaks([Level::Off; LeakKind::ALL.len()]);

    /// What holds where nothing is said.
    pub(crate) const DEFAULT: Leaks = Leaks([Level::Warn; LeakKind::ALL.len()]);

    pub(crate) fn of(&self, kind: LeakKind) -> Level {
        self.0[kind as usize]
    }

    /// Whether anything is looked for.
    pub(crate) fn is_on(&self) -> bool {
        *self != Leaks::OFF
    }

    /// Reads `deny`, or `warn,tasks=off`: a level for all kinds, and for some of them.
    ///
    /// # Errors
    /// What is accepted instead.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let mut leaks = Leaks::DEFAULT;
        for word in text.split(',').map(str::trim) {
            let (kind, level) = match word.split_once('=') {
                Some((kind, level)) => (kind.trim(), level.trim()),
                None => (ALL, word),
            };
            let level = match level {
                "off" | "0" => Level::Off,
                "warn" | "1" => Level::Warn,
                "deny" => Level::Deny,
                other => return Err(format!("off, warn or deny (was {other})")),
            };
            match kind {
                ALL => leaks.0.fill(level),
                kind => {
                    let known = LeakKind::ALL.into_iter().find(|it| it.name() == kind);
                    let Some(known) = known else {
                        let names = LeakKind::ALL.map(LeakKind::name).join(", ");
                        return Err(format!("a level for one of {ALL}, {names} (was {kind})"));
                    };
                    leaks.0[known as usize] = level;
                }
            }
        }
        Ok(leaks)
    }
}

/// Stands for every kind.
const ALL: &str = "all";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_for_all_kinds_or_for_one() {
        let check = |text: &str, expected: [Level; 5]| {
            assert_eq!(Leaks::parse(text), Ok(Leaks(expected)), "{text}");
        };
        use Level::{Deny, Off, Warn};
        check("off", [Off; 5]);
        check("warn", [Warn; 5]);
        check(" deny ", [Deny; 5]);
        check("deny,tasks=off", [Deny, Deny, Deny, Deny, Off]);
        check("cwd=deny, fds = off", [Deny, Warn, Off, Warn, Warn]);
        check("all=off,env=warn", [Off, Warn, Off, Off, Off]);
        check("env=deny,off", [Off; 5]);
    }

    #[test]
    fn what_is_accepted_is_told() {
        let check = |text: &str, expected: &str| {
            assert_eq!(Leaks::parse(text), Err(expected.to_owned()), "{text}");
        };
        check("", "off, warn or deny (was )");
        check("strict", "off, warn or deny (was strict)");
        check("cwd=no", "off, warn or deny (was no)");
        check(
            "files=deny",
            "a level for one of all, cwd, env, fds, children, tasks (was files)",
        );
    }
}
