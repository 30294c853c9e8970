//! What a binary with wrong fixtures says: one file per mistake in `plan/`, its report beside it.
//!
//! `ITEST_BLESS=1 cargo test -p itest-core --test plan_errors` writes the reports anew.

// Fixtures that nobody can use are the point here.
#![allow(dead_code, unreachable_pub)]

use std::path::{Path, PathBuf};
use std::process::ExitCode;

macro_rules! cases {
    ($($name:ident)*) => {
        mod plan {
            $(pub mod $name;)*
        }
        const CASES: &[&str] = &[$(stringify!($name)),*];
    };
}

cases! {
    all_at_once
    ambiguous
    autouse_not_found
    cycle
    duplicate_fixture
    duplicate_test
    exclusive_kept
    exclusive_twice
    files_none
    good
    itself
    not_found
    not_found_by_fixture
    not_found_by_many
    not_found_in_group_uses
    not_found_in_uses
    not_found_similar
    owned_provided
    owned_twice
    owned_wide
    param_without_value
    public_first
    request_by_value
    request_wrong_type
    scope_module_group
    scope_session_test
    scope_session_worker
    scope_through_override
    scope_worker_module
    with_wrong
    wrong_type
    wrong_type_same_name
    wrong_type_str
}

fn main() -> ExitCode {
    check_exact();
    let bless = std::env::var_os("ITEST_BLESS").is_some();
    let mut failed = 0;
    for case in CASES {
        let said = said_of(case, &[]);
        let file = expected_file(case);
        if bless {
            std::fs::write(&file, &said).expect("the report should be writable");
            continue;
        }
        let expected = std::fs::read_to_string(&file).unwrap_or_default();
        if said != expected {
            failed += 1;
            eprintln!("---- {case}\nexpected:\n{expected}\nsaid:\n{said}");
        }
    }
    println!("{} passed, {failed} failed", CASES.len() - failed);
    ExitCode::from(u8::from(failed > 0))
}

fn said_of(case: &str, words: &[&str]) -> String {
    let module = format!("{}::plan::{case}", module_path!());
    itest::__private::plan_problems(&module, words)
        .map_or_else(|| "no problem\n".to_owned(), |report| report + "\n")
}

/// With `--exact`, only problems of the tests that are asked for are told.
fn check_exact() {
    let twice = ["plan::duplicate_test::t", "--exact"];
    let expected = std::fs::read_to_string(expected_file("duplicate_test"));
    assert_eq!(Some(said_of("duplicate_test", &twice)), expected.ok());
    let other = ["plan::duplicate_test::other", "--exact"];
    assert_eq!(said_of("duplicate_test", &other), "no problem\n");
}

fn expected_file(case: &str) -> PathBuf {
    let package = std::env::var_os("CARGO_MANIFEST_DIR")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
    Path::new(&package)
        .join("tests/plan")
        .join(case)
        .with_extension("txt")
}
