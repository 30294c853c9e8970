use itest::prelude::*;

#[integration]
fn test(#[from(3)] database: &u8) {}

fn main() {}
