//! Comes after `one` under `cargo test`, and needs more of the session than its gated test.
mod common;

use itest::prelude::*;

itest::main!();

#[integration]
fn gated_no_more(server: &String, db: &(String, u32, f64, String)) {
    common::check(server, db);
}
