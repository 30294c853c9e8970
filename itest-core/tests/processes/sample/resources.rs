//! Tests whose fixtures have processes, directories and containers.
mod common;
mod outside;
mod registered;

itest::main!();
