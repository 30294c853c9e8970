use itest::prelude::*;

#[integration]
#[xfail = "why"]
fn test() {}

fn main() {}
