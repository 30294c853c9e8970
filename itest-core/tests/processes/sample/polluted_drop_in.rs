//! What one test leaves behind makes another fail that libtest runs later.

use std::sync::atomic::{AtomicBool, Ordering};

use itest::prelude::*;

static LEFT: AtomicBool = AtomicBool::new(false);

#[test]
fn a_leaves_nothing() {}

#[integration]
fn b_leaves_something() {
    LEFT.store(true, Ordering::Relaxed);
}

#[test]
fn c_leaves_nothing() {}

#[integration]
fn d_fails_behind_b() {
    assert!(!LEFT.load(Ordering::Relaxed), "something is there");
}

#[test]
fn e_comes_later() {}
