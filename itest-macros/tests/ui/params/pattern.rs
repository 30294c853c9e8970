use itest::prelude::*;

#[integration]
fn test((a, b): (u8, u8)) {}

fn main() {}
