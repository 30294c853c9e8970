//! What a worker does with which fixture, noted where whoever finds it dead can read it.
//!
//! The place is memory that the worker shares with the dispatcher through a file: a note takes a few
//! stores and no call to the system, so that every setup and teardown is noted. What a fixture is
//! called is written once, and stays in its slot until another one needs that. There is one place,
//! on the thread that runs tests. Processes that run tests for themselves have none.

use std::cell::RefCell;

use super::named::Named;
use crate::outcome::{Failure, FixtureError};
#[cfg(any(unix, test))]
use crate::registry::{crate_of, fixture_path};
use crate::scope::Scope;

/// Bytes of the place.
pub(super) const LENGTH: usize = HEAD + SLOTS * SLOT;

/// The phase, the scope, and the number of the slot.
const HEAD: usize = 8;

/// For so many fixtures there is a slot.
const SLOTS: usize = 16;

/// Bytes of one: the line of the fixture, the lengths of the texts, and the texts.
const SLOT: usize = 504;

/// Where in a slot the texts stand.
const TEXTS_AT: usize = 4 + 2 * TEXTS;

/// The texts: where the fixture is declared, its name, its value's, its file, and where the test is.
pub(super) const TEXTS: usize = 5;

/// By their numbers.
#[cfg(any(unix, test))]
const SCOPES: [Scope; 5] = [
    Scope::Test,
    Scope::Group,
    Scope::Module,
    Scope::Worker,
    Scope::Session,
];

/// What happens to a fixture. 0 is nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    Setup = 1,
    Teardown = 2,
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

/// What tells a fixture, with the value of its parameter, from others of this process.
pub(super) type Id = (usize, usize);

/// The memory, and whose names are in its slots.
struct Place {
    memory: &'static mut [u8; LENGTH],
    known: [Id; SLOTS],
}

thread_local! {
    static PLACE: RefCell<Option<Place>> = const { RefCell::new(None) };
}

/// From now on, this thread notes there what it does.
#[cfg(unix)]
pub(super) fn install(memory: &'static mut [u8; LENGTH]) {
    let known = [(0, 0); SLOTS];
    PLACE.set(Some(Place { memory, known }));
}

/// It is under way until this is dropped.
pub(super) struct UnderWay(());

/// Notes what begins.
pub(super) fn begin(phase: Phase, name: &Named) -> UnderWay {
    PLACE.with_borrow_mut(|place| {
        if let Some(place) = place {
            place.begin(phase, name);
        }
    });
    UnderWay(())
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        PLACE.with_borrow_mut(|place| {
            if let Some(place) = place {
                place.memory[0] = 0;
            }
        });
    }
}

impl Place {
    fn begin(&mut self, phase: Phase, name: &Named) {
        let id = name.id();
        let slot = (id.0 >> 5 ^ id.1) % SLOTS;
        if self.known[slot] != id {
            self.known[slot] = id;
            let (line, texts) = name.texts();
            write(self.memory, slot, line, texts);
        }
        self.memory[1] = name.scope() as u8;
        self.memory[2] = slot as u8;
        // Last: it is what counts.
        self.memory[0] = phase as u8;
    }
}

/// Writes what a fixture is called; what there is no room for is left out.
fn write(memory: &mut [u8; LENGTH], slot: usize, line: u32, texts: [&str; TEXTS]) {
    let slot = &mut memory[HEAD + slot * SLOT..][..SLOT];
    slot[..4].copy_from_slice(&line.to_le_bytes());
    let mut end = TEXTS_AT;
    for (number, text) in texts.into_iter().enumerate() {
        let length = text.len().min(SLOT - end);
        slot[end..end + length].copy_from_slice(&text.as_bytes()[..length]);
        slot[4 + 2 * number..6 + 2 * number].copy_from_slice(&(length as u16).to_le_bytes());
        end += length;
    }
}

/// What a process noted last, if it was under way when the process ended.
#[cfg(any(unix, test))]
pub(super) fn read(memory: &[u8; LENGTH]) -> Option<Noted> {
    let phase = match memory[0] {
        1 => Phase::Setup,
        2 => Phase::Teardown,
        _ => return None,
    };
    let scope = *SCOPES.get(usize::from(memory[1]))?;
    let slot = memory[HEAD..].chunks(SLOT).nth(memory[2].into())?;
    let line = u32::from_le_bytes([slot[0], slot[1], slot[2], slot[3]]);
    let mut rest = &slot[TEXTS_AT..];
    let mut texts = [const { String::new() }; TEXTS];
    for (number, text) in texts.iter_mut().enumerate() {
        let length = u16::from_le_bytes([slot[4 + 2 * number], slot[5 + 2 * number]]);
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

    /// A place where the teardown of such a module fixture is noted.
    fn place(texts: [&str; TEXTS]) -> [u8; LENGTH] {
        let mut memory = [0; LENGTH];
        for slot in 0..SLOTS {
            write(&mut memory, slot, 70_000, texts);
        }
        memory[..3].copy_from_slice(&[2, 2, 15]);
        memory
    }

    #[test]
    fn a_note_is_read_as_it_was_written() {
        let expected = Noted {
            phase: Phase::Teardown,
            scope: Scope::Module,
            fixture: "common::db".to_owned(),
            location: "tests/common.rs:70000".to_owned(),
        };
        assert_eq!(read(&place(TEXT)), Some(expected));
        let of = |texts| read(&place(texts)).map(|noted| noted.fixture);
        let [module, name, _, file, user] = TEXT;
        let with_value = [module, name, "sqlite", file, user];
        assert_eq!(of(with_value).as_deref(), Some("common::db[sqlite]"));
        let from_elsewhere = [module, name, "", file, "api"];
        assert_eq!(of(from_elsewhere).as_deref(), Some("app::common::db"));
    }

    #[test]
    fn scopes_have_their_numbers() {
        for (number, scope) in SCOPES.into_iter().enumerate() {
            assert_eq!(scope as usize, number);
        }
    }

    #[test]
    fn long_texts_are_cut() {
        let long = "m".repeat(2 * SLOT);
        let noted = read(&place(["app", &long, "", "tests/a.rs", "app"]));
        let fixture = noted.expect("it is there").fixture;
        // There is no room to say which crate's it is.
        assert_eq!(fixture.len(), SLOT - TEXTS_AT + "::".len());
    }

    #[test]
    fn garbage_and_nothing_are_no_note() {
        assert_eq!(read(&[0; LENGTH]), None);
        assert_eq!(read(&[7; LENGTH]), None);
        let mut memory = [0xff; LENGTH];
        memory[0] = 1;
        assert_eq!(read(&memory), None);
        memory[1] = 0;
        assert_eq!(read(&memory), None, "there is no such slot");
        memory[2] = 0;
        assert_eq!(read(&memory), None, "the lengths are too long");
    }
}
