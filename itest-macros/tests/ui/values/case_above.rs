use itest::prelude::*;

#[case(1)]
#[integration]
fn above(#[case] a: u32) { assert_eq!(a, 1); }

fn main() {}
