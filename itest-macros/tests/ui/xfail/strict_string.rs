use itest::prelude::*;

#[integration]
#[xfail(strict = "true")]
fn test() {}

fn main() {}
