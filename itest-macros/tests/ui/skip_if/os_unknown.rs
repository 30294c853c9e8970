use itest::prelude::*;

#[skip_if(os = "osx")]
#[integration]
fn test() {}

fn main() {}
