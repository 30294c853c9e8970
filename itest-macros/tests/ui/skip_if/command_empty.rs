use itest::prelude::*;

#[skip_if(command = "")]
#[integration]
fn test() {}

fn main() {}
