//! Locks between binaries.
#[path = "../../tests/common/mod.rs"]
mod common;
#[path = "../../tests/locked/mod.rs"]
mod locked;

itest::main!();
