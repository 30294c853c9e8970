//! What the macros say when they are used wrongly.
//!
//! `TRYBUILD=overwrite cargo test -p itest-macros --test ui` rewrites the `.stderr` files; read
//! the difference before you commit it. Without cases that pass, trybuild makes one build of all.
//!
//! Where the compiler points at the standard library, it shows the line if the component `rust-src`
//! is installed, as it is with rust-analyzer: those cases are there twice, in `std`.

use std::path::Path;
use std::process::Command;

#[test]
fn ui() {
    let cases = trybuild::TestCases::new();
    cases.compile_fail("tests/ui/*/*.rs");
    cases.compile_fail(match has_source() {
        true => "tests/std/with_source/*.rs",
        false => "tests/std/without_source/*.rs",
    });
}

/// Whether the compiler has the source of the standard library.
fn has_source() -> bool {
    let compiler = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(compiler).args(["--print", "sysroot"]).output();
    let output = output.expect("the compiler should start");
    let root = String::from_utf8(output.stdout).expect("the path is text");
    let library = Path::new(root.trim_end()).join("lib/rustlib/src/rust/library/core/src/lib.rs");
    library.exists()
}
