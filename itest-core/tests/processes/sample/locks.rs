//! Locks between workers.
mod common;
mod locked;

itest::main!();
