//! A fixture with a `#[param]` and no values of its own: each test must give one.

use itest::prelude::*;

#[fixture]
fn server(#[param] version: &str) -> String {
    version.to_owned()
}

#[integration]
#[with(server = "1.2")]
fn gives_one(server: &String) {
    drop(server.clone());
}

#[integration]
fn gives_none(server: &String) {
    drop(server.clone());
}
