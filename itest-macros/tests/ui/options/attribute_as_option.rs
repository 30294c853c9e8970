use itest::prelude::*;

#[integration(skip_if(env = "CI"))]
fn test() {}

fn main() {}
