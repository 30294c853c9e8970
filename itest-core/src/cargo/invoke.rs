//! Starting cargo.

use std::ffi::OsString;
use std::process::Command;

/// The cargo that started us, or the one on `PATH`.
pub(super) fn cargo() -> Command {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
    Command::new(cargo)
}
