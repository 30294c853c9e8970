//! A pattern that matches nothing, one below a directory that is not there, and exclusions that
//! leave nothing or leave out nothing.

use std::path::PathBuf;

use itest::prelude::*;

#[integration]
fn reads(#[files("tests/data/*.yaml")] path: PathBuf) {
    drop(path);
}

#[integration]
fn reads_elsewhere(#[files("no/such/*.json")] path: PathBuf) {
    drop(path);
}

#[integration]
fn reads_what_is_left(
    #[files("tests/data/*.sql")]
    #[exclude("tests/data/s*")]
    path: PathBuf,
) {
    drop(path);
}
