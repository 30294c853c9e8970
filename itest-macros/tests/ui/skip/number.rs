use itest::prelude::*;

#[integration]
#[skip = 3]
fn test() {}

fn main() {}
