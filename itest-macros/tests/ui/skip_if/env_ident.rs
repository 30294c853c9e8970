use itest::prelude::*;

#[skip_if(env = CI)]
#[integration]
fn test() {}

fn main() {}
