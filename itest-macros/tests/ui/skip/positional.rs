use itest::prelude::*;

#[integration]
#[skip("not yet")]
fn test() {}

fn main() {}
