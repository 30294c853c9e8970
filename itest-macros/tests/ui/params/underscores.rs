use itest::prelude::*;

#[integration]
fn test(__: &u8) {}

fn main() {}
