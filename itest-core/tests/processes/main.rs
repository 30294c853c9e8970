//! The runner's processes from outside: workers, session hosts and their ends.
//!
//! A sample crate is generated and built once; its binaries run by themselves, under `cargo test`
//! and under `cargo nextest run`. Its fixtures and tests append to a file of events what they do,
//! and `/proc` tells which processes are there.
//!
//! Without cargo-nextest its cases are left out, except where `CI=true`.
//! `ITEST_CHAOS_RUNS` and `ITEST_CHAOS_SEED` choose how much of `chaos` runs, and which.
#![cfg(target_os = "linux")]

mod process;
mod report;
mod sample;
mod scene;

mod again;
mod bisect;
mod builtins;
mod cargo_itest;
mod chaos;
mod completions;
mod crash;
mod deaths;
mod files;
mod garbage;
mod leaks;
mod list;
mod locks;
mod output;
mod resources;
mod selecting;
mod session;
mod session_fixtures;
mod shards;
mod signals;
