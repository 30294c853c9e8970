use itest::prelude::*;
use std::path::PathBuf;

#[integration]
fn bare(#[files] path: PathBuf) { assert!(path.exists()); }

#[integration]
fn number(#[files(1)] path: PathBuf) { assert!(path.exists()); }

#[integration]
fn empty(#[files("/")] path: PathBuf) { assert!(path.exists()); }

#[integration]
fn text(#[files("*.rs")] path: String) { assert!(!path.is_empty()); }

#[integration]
fn only_excluded(#[exclude("*.rs")] path: PathBuf) { assert!(path.exists()); }

fn main() {}
