use itest::prelude::*;

#[integration]
#[xfail(reson = "why")]
fn test() {}

fn main() {}
