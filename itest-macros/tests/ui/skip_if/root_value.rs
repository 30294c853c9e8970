use itest::prelude::*;

#[skip_if(root = true)]
#[integration]
fn test() {}

fn main() {}
