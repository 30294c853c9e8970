use itest::prelude::*;

#[skip_if(env = "CI", reason = "a", reason = "b")]
#[integration]
fn test() {}

fn main() {}
