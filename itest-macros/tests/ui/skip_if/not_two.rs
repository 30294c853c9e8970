use itest::prelude::*;

#[skip_if(not(env = "A", env = "B"))]
#[integration]
fn test() {}

fn main() {}
