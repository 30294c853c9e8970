use itest::prelude::*;

#[integration]
fn test(#[case] number: &u8) {}

fn main() {}
