use itest::prelude::*;

#[integration]
#[skip]
#[skip(reason = "again")]
fn test() {}

fn main() {}
