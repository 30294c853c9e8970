use itest::prelude::*;

#[skip_if(tcp = "localhost")]
#[integration]
fn test() {}

fn main() {}
