use itest::prelude::*;

#[skip_if]
#[integration]
fn test() {}

fn main() {}
