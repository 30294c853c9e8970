use itest::prelude::*;

#[integration]
fn test(_: &u8) {}

fn main() {}
