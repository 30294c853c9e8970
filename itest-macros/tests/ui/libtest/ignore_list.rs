use itest::prelude::*;

#[integration]
#[ignore(reason = "why")]
fn test() {}

fn main() {}
