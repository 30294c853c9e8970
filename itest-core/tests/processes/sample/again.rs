//! Tests that are put in order; what they do depends on how often they ran.
mod common;

use std::fs::File;
use std::io::Write;

use itest::prelude::*;

use common::event;

itest::main!();

/// How often that was asked for in this scene, this time counted.
fn times(what: &str) -> u64 {
    let events = std::env::var_os("SAMPLE_EVENTS").expect("`SAMPLE_EVENTS` should be set");
    let path = std::path::Path::new(&events).with_extension(what);
    let mut file = File::options().append(true).create(true).open(path).unwrap();
    file.write_all(b".").unwrap();
    file.metadata().unwrap().len()
}

fn is_told(what: &str) -> bool {
    std::env::var("SAMPLE_FAILS").is_ok_and(|told| told.split(',').any(|one| one == what))
}

#[fixture]
fn fresh() -> u32 {
    event("fresh up");
    provide!(1);
    event("fresh down");
}

#[fixture(scope = "session")]
fn session() -> u32 {
    event("session up");
    provide!(1);
    event("session down");
}

#[integration]
mod stable {
    use super::{event, is_told};
    use itest::prelude::*;

    #[fixture(scope = "group")]
    fn of_group() -> u32 {
        event("group up");
        provide!(1);
        event("group down");
    }

    #[integration]
    fn one(of_group: &u32) {
        event("one");
        assert!(*of_group == 1 && !is_told("one"));
    }

    #[integration]
    fn two(of_group: &u32, fresh: &u32, session: &u32) {
        event("two");
        assert_eq!(*of_group + *fresh + *session, 3);
        assert!(!is_told("two"));
    }

    #[integration]
    fn three(of_group: &u32) {
        event("three");
        assert!(*of_group == 1 && !is_told("three"));
    }
}

#[integration]
mod other {
    use super::{event, is_told};
    use itest::prelude::*;

    #[integration]
    fn four() {
        event("four");
    }

    #[integration]
    fn five() {
        event("five");
        assert!(!is_told("five"));
    }
}

/// Fails when it runs for the first time in a scene.
#[integration]
fn flaky() {
    assert!(times("flaky") > 1, "the first time");
}

/// Fails when it runs for the third time in a scene.
#[integration]
fn third_fails(fresh: &u32) {
    let _ = fresh;
    event("third_fails");
    assert!(times("third") != 3, "the third time");
}
