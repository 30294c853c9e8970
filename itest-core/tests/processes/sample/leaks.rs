//! Tests that leave something behind, and tests that do not.
mod leaking;

itest::main!();
