use itest::prelude::*;

#[skip_if(env = "=1")]
#[integration]
fn test() {}

fn main() {}
