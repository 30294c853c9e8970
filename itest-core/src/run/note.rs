//! What a worker does with which fixture, noted where whoever finds it dead can read it.
//!
//! The place is memory that the worker shares with the dispatcher through a file: a note takes a few
//! copies of bytes and no call to the system, so that every setup and teardown is noted. There is
//! one place, as a worker does one thing at a time. Processes that run tests for themselves have
//! none.

use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use super::named::Named;
use crate::outcome::{Failure, FixtureError};
use crate::registry::{crate_of, fixture_path};
use crate::scope::Scope;

/// Bytes of the place.
pub(super) const LENGTH: usize = 1024;

/// Of it, what stands before the texts.
const HEAD: usize = 18;

/// The texts: where the fixture is declared, its name, its value's, its file, and where the test is.
const TEXTS: usize = 5;

const SCOPES: [Scope; 5] = [
    Scope::Test,
    Scope::Group,
    Scope::Module,
    Scope::Worker,
    Scope::Session,
];

/// What happens to a fixture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    Setup,
    Teardown,
}

impl Phase {
    const ALL: [Phase; 2] = [Phase::Setup, Phase::Teardown];

    /// 0 is none.
    fn number(self) -> u8 {
        match self {
            Phase::Setup => 1,
            Phase::Teardown => 2,
        }
    }
}

/// What was under way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Noted {
    pub(crate) phase: Phase,
    pub(crate) scope: Scope,
    /// The fixture's path in its binary.
    pub(crate) fixture: String,
    /// `file:line`.
    pub(crate) location: String,
}

static PLACE: OnceLock<Mutex<&'static mut [u8; LENGTH]>> = OnceLock::new();

/// From now on, this process notes there what it does.
#[cfg(unix)]
pub(super) fn install(place: &'static mut [u8; LENGTH]) {
    let _ = PLACE.set(Mutex::new(place));
}

fn place() -> Option<MutexGuard<'static, &'static mut [u8; LENGTH]>> {
    let place = PLACE.get()?;
    Some(place.lock().unwrap_or_else(PoisonError::into_inner))
}

/// It is under way until this is dropped.
pub(super) struct UnderWay(());

/// Notes what begins.
pub(super) fn begin(phase: Phase, name: &Named) -> UnderWay {
    if let Some(mut place) = place() {
        name.note(phase, &mut place);
    }
    UnderWay(())
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        if let Some(mut place) = place() {
            place[0] = 0;
        }
    }
}

/// Writes a note; what there is no room for is left out.
pub(super) fn write(
    place: &mut [u8; LENGTH],
    phase: Phase,
    scope: Scope,
    line: u32,
    texts: [&str; TEXTS],
) {
    place[1] = SCOPES.iter().position(|known| *known == scope).unwrap_or(0) as u8;
    place[4..8].copy_from_slice(&line.to_le_bytes());
    let mut end = HEAD;
    for (number, text) in texts.into_iter().enumerate() {
        let length = text.len().min(LENGTH - end);
        place[end..end + length].copy_from_slice(&text.as_bytes()[..length]);
        place[8 + 2 * number..10 + 2 * number].copy_from_slice(&(length as u16).to_le_bytes());
        end += length;
    }
    // Last: it is what counts.
    place[0] = phase.number();
}

/// What a process noted last, if it was under way when the process ended.
#[cfg(any(unix, test))]
pub(super) fn read(place: &[u8; LENGTH]) -> Option<Noted> {
    let phase = Phase::ALL
        .into_iter()
        .find(|phase| phase.number() == place[0])?;
    let scope = *SCOPES.get(usize::from(place[1]))?;
    let line = u32::from_le_bytes([place[4], place[5], place[6], place[7]]);
    let mut rest = &place[HEAD..];
    let mut texts = [const { String::new() }; TEXTS];
    for (number, text) in texts.iter_mut().enumerate() {
        let length = u16::from_le_bytes([place[8 + 2 * number], place[9 + 2 * number]]);
        let bytes;
        (bytes, rest) = rest.split_at_checked(length.into())?;
        *text = String::from_utf8_lossy(bytes).into_owned();
    }
    let [module, name, value, file, user] = texts;
    let mut fixture = fixture_path(&module, &name, crate_of(&user));
    if !value.is_empty() {
        fixture.push_str(&format!("[{value}]"));
    }
    Some(Noted {
        phase,
        scope,
        fixture,
        location: format!("{file}:{line}"),
    })
}

impl Noted {
    /// The end of the process as an error of the fixture.
    pub(crate) fn error(&self, failure: Failure) -> FixtureError {
        FixtureError {
            fixture: self.fixture.clone(),
            location: self.location.clone(),
            chain: Vec::new(),
            remembered: false,
            failures: vec![failure],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: [&str; TEXTS] = ["app::common", "db", "", "tests/common.rs", "app::users"];

    fn noted(texts: [&str; TEXTS]) -> Option<Noted> {
        let mut place = [0; LENGTH];
        write(&mut place, Phase::Teardown, Scope::Module, 70_000, texts);
        read(&place)
    }

    #[test]
    fn a_note_is_read_as_it_was_written() {
        let expected = Noted {
            phase: Phase::Teardown,
            scope: Scope::Module,
            fixture: "common::db".to_owned(),
            location: "tests/common.rs:70000".to_owned(),
        };
        assert_eq!(noted(TEXT), Some(expected));
        let of = |texts| noted(texts).map(|noted| noted.fixture);
        let [module, name, _, file, user] = TEXT;
        let with_value = [module, name, "sqlite", file, user];
        assert_eq!(of(with_value).as_deref(), Some("common::db[sqlite]"));
        let from_elsewhere = [module, name, "", file, "api"];
        assert_eq!(of(from_elsewhere).as_deref(), Some("app::common::db"));
    }

    #[test]
    fn long_texts_are_cut() {
        let long = "m".repeat(2 * LENGTH);
        let fixture = noted(["app", &long, "", "tests/a.rs", "app"]).map(|noted| noted.fixture);
        // There is no room to say which crate's it is.
        let length = fixture.map(|fixture| fixture.len());
        assert_eq!(length, Some(LENGTH - HEAD + "::".len()));
    }

    #[test]
    fn garbage_and_nothing_are_no_note() {
        assert_eq!(read(&[0; LENGTH]), None);
        assert_eq!(read(&[7; LENGTH]), None);
        let mut place = [0xff; LENGTH];
        place[0] = Phase::Setup.number();
        assert_eq!(read(&place), None);
        place[1] = 0;
        assert_eq!(read(&place), None, "the lengths are too long");
    }
}
