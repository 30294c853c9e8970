//! A session fixture that cannot be set up.
mod common;

use itest::prelude::*;

itest::main!();

#[fixture(scope = "session")]
fn broken(server: &String) -> Result<String> {
    common::event("broken up");
    println!("what the setup printed");
    Err(format!("no route to {}", server.len()))?
}

#[integration]
fn a_fails(broken: &String) {
    assert_eq!(broken, "");
}

#[integration]
fn b_fails(broken: &String) {
    assert_eq!(broken, "");
}

#[integration]
fn c_passes(server: &String) {
    assert!(server.starts_with("http://"));
}
