use itest::prelude::*;

#[ignore]
#[integration]
#[ignore = "why"]
fn test() {}

fn main() {}
