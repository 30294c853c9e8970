use itest::prelude::*;

#[skip(reason = 3)]
#[integration]
fn test() {}

fn main() {}
