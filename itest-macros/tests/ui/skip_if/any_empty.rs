use itest::prelude::*;

#[skip_if(any())]
#[integration]
fn test() {}

fn main() {}
