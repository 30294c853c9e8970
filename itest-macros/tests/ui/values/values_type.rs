use itest::prelude::*;

#[integration]
fn wrong(#[values(1, "two")] a: u32) { assert_eq!(a, 1); }

struct Opaque;

#[integration]
fn opaque(#[values("one")] _a: Opaque) {}

fn main() {}
