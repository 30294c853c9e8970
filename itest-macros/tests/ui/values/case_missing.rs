use itest::prelude::*;

#[integration]
fn lonely(#[case] a: u32) { assert_eq!(a, 1); }

fn main() {}
