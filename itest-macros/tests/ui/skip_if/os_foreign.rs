use itest::prelude::*;

#[skip_if(os = "plan9")]
#[integration]
fn test() {}

fn main() {}
