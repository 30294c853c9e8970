use itest::prelude::*;

#[integration("5s")]
fn test() {}

fn main() {}
