//! [`Harness`]: who will call the tests of the crate that is being compiled.
//!
//! `#[test]` makes libtest call a function, and removes it where there is no libtest. Tests are
//! called in both cases, but a macro cannot write one function for both; two cost the compiler
//! more. `cfg(test)` tells nothing, since Cargo sets it in both cases; the compiler's own
//! arguments do. Where they do not tell, as in an editor, there are two.

use std::sync::OnceLock;

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Harness {
    /// `rustc --test`
    Libtest,
    /// rustc without it.
    Own,
    /// No rustc, or none that tells.
    Unknown,
}

impl Harness {
    pub(crate) fn of_this_compilation() -> Self {
        static HARNESS: OnceLock<Harness> = OnceLock::new();
        *HARNESS.get_or_init(|| {
            Harness::of(std::env::args_os().map(|arg| arg.to_string_lossy().into_owned()))
        })
    }

    fn of(args: impl IntoIterator<Item = String>) -> Self {
        let mut is_compiler = false;
        let mut harness = Harness::Own;
        for arg in args {
            match arg.as_str() {
                "--test" => harness = Harness::Libtest,
                // Cargo always says it, and no other program that expands macros has it.
                "--crate-name" => is_compiler = true,
                // More arguments are in a file.
                arg if arg.starts_with('@') => return Harness::Unknown,
                _ => {}
            }
        }
        match is_compiler {
            true => harness,
            false => Harness::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(args: &str) -> Harness {
        Harness::of(args.split(' ').map(str::to_owned))
    }

    #[test]
    fn arguments_tell() {
        assert!(of("rustc --crate-name api tests/api.rs --test") == Harness::Libtest);
        assert!(of("clippy-driver rustc --crate-name api --test api.rs") == Harness::Libtest);
        assert!(of("rustc --crate-name api tests/api.rs --cfg test") == Harness::Own);
    }

    #[test]
    fn what_does_not_tell_is_unknown() {
        assert!(of("rustc @arguments") == Harness::Unknown);
        assert!(of("rustc --crate-name api --test @more") == Harness::Unknown);
        assert!(of("rust-analyzer-proc-macro-srv") == Harness::Unknown);
    }
}
