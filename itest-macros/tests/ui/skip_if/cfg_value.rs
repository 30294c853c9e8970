use itest::prelude::*;

#[skip_if(cfg = "windows")]
#[integration]
fn test() {}

fn main() {}
