use itest::prelude::*;

#[integration(timeuot = "5s")]
fn test() {}

fn main() {}
