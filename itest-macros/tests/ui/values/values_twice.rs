use itest::prelude::*;

#[integration]
#[case(1)]
fn twice(#[case] #[values(1)] a: u32) { assert_eq!(a, 1); }

#[integration]
fn from(#[values(1)] #[from("a")] a: u32) { assert_eq!(a, 1); }

fn main() {}
