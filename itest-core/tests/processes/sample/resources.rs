//! Tests whose fixtures have processes, directories and containers.
mod common;
mod registered;

itest::main!();
