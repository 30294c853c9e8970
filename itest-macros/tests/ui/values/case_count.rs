use itest::prelude::*;

#[integration]
#[case(1, 2)]
#[case::three(1)]
fn three(#[case] a: u32) { assert_eq!(a, 1); }

#[integration]
#[case(1)]
fn none() {}

fn main() {}
