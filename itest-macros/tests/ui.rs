//! What the macros say when they are used wrongly.
//!
//! `TRYBUILD=overwrite cargo test -p itest-macros --test ui` rewrites the `.stderr` files; read
//! the difference before you commit it. Without cases that pass, trybuild makes one build of all.

#[test]
fn ui() {
    trybuild::TestCases::new().compile_fail("tests/ui/*/*.rs");
}
