use itest::prelude::*;

#[integration]
fn test(ref db: u8) {}

fn main() {}
