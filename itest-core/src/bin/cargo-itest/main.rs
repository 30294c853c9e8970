//! `cargo itest`: see the guide `docs/cargo-itest.md` of the package.

#[cfg(unix)]
fn main() -> std::process::ExitCode {
    itest::cargo::main()
}

#[cfg(not(unix))]
fn main() {
    eprintln!("error: `cargo itest` needs Unix; `cargo test` runs the same tests");
    std::process::exit(101);
}
