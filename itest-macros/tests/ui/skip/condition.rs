use itest::prelude::*;

#[integration]
#[skip(env = "CI")]
fn test() {}

fn main() {}
