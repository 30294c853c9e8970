use itest::prelude::*;

#[skip_if(reason = "why")]
#[integration]
fn test() {}

fn main() {}
