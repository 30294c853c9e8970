use itest::prelude::*;

#[integration]
fn test(items: &mut [u8]) {}

fn main() {}
