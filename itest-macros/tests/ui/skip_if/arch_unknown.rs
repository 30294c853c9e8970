use itest::prelude::*;

#[skip_if(arch = "amd64")]
#[integration]
fn test() {}

fn main() {}
