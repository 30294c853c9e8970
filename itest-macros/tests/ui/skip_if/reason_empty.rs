use itest::prelude::*;

#[skip_if(env = "CI", reason = "")]
#[integration]
fn test() {}

fn main() {}
