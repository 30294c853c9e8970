use itest::prelude::*;

#[skip_if(env)]
#[integration]
fn test() {}

fn main() {}
