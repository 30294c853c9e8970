use itest::prelude::*;

#[integration]
fn test(#[param] a: u32) { assert_eq!(a, 1); }

#[fixture]
fn fixture(#[case] a: u32, #[values(1)] b: u32) -> u32 { a + b }

fn main() {}
