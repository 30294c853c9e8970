//! Tests of files, which others change.

use std::path::{Path, PathBuf};

use itest::prelude::*;

itest::main!();

/// What the file says is what happens.
#[integration]
fn obeys(#[files("data/**/*.txt")] path: PathBuf) {
    let text = std::fs::read_to_string(&path).unwrap();
    let directory = path.parent().unwrap();
    for word in text.split_whitespace() {
        match word.split_once(':') {
            Some(("make", name)) => std::fs::write(directory.join(name), "").unwrap(),
            Some(("remove", name)) => std::fs::remove_file(directory.join(name)).unwrap(),
            _ => std::process::abort(),
        }
    }
}

#[integration]
fn is_asked_for(#[files("data/.hidden")] path: &Path) {
    assert!(path.is_absolute());
}
