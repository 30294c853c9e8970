use itest::prelude::*;

#[skip_if(env = "CI", os = "linux")]
#[integration]
fn test() {}

fn main() {}
