use itest::prelude::*;

#[integration]
#[skip_if(evn = "CI")]
fn test() {}

fn main() {}
