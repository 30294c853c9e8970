use itest::prelude::*;

#[skip_if(evn = "CI")]
#[integration]
fn test() {}

fn main() {}
