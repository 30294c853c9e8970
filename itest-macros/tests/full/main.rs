//! Full mode: `main!`, and the plain tests that it sees, in files and modules of every sort.

#![deny(warnings)]

use itest::__private::{MainDef, Submission, inventory};
use itest::prelude::*;

mod beside;
mod deep;
#[path = "named.rs"]
mod other_name;

itest::main!();

/// Does not run, and says so.
#[test]
#[allow(dead_code)]
fn lost() {
    panic!("a plain test runs in a target without harness");
}

mod inline {
    // fn first() of a comment above is not it
    #[tokio::test(flavor = "current_thread")]
    #[allow(dead_code)]
    pub async fn first() {}

    mod nested;
}

#[test]
#[integration]
#[allow(dead_code)]
fn is_both() {}

fn main_def() -> &'static MainDef {
    inventory::iter::<Submission>
        .into_iter()
        .find_map(|one| match one {
            Submission::Main(def) => Some(*def),
            _ => None,
        })
        .expect("`main!` stands above")
}

#[integration]
fn plain_tests_are_seen() {
    let def = main_def();
    assert!(def.location.file.ends_with("main.rs"));
    let found: Vec<(&str, &str, u32)> = def
        .plain_tests
        .iter()
        .map(|test| {
            let file = test.file.rsplit_once("full").expect("all are in `full`").1;
            (test.name, file, test.line)
        })
        .collect();
    let expected = [
        ("in_file_beside", "/beside.rs", 3),
        ("below_beside", "/beside/below.rs", 4),
        ("beside_mod_rs", "/deep/leaf.rs", 2),
        ("in_mod_rs", "/deep/mod.rs", 8),
        ("by_path", "/named.rs", 4),
        ("lost", "/main.rs", 18),
        ("first", "/main.rs", 26),
        ("in_directory_of_inline", "/inline/nested.rs", 3),
    ];
    if cfg!(windows) {
        assert_eq!(found.len(), expected.len());
    } else {
        assert_eq!(found, expected);
    }
}

#[integration]
#[should_panic(expected = "the test `plain_tests_are_seen` is called by other code")]
fn tests_are_not_called() {
    plain_tests_are_seen();
}
