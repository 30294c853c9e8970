use itest::prelude::*;

#[skip_if(cfg())]
#[integration]
fn test() {}

fn main() {}
