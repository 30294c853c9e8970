use itest::prelude::*;

#[integration]
fn test(#[from] db: &u8) {}

fn main() {}
