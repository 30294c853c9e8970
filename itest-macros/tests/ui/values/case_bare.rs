use itest::prelude::*;

#[integration]
#[case]
fn bare(#[case] a: u32) { assert_eq!(a, 1); }

#[integration]
#[case(1)]
fn with_values(#[case(1)] a: u32) { assert_eq!(a, 1); }

fn main() {}
