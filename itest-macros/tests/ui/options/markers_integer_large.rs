use itest::prelude::*;

#[integration(markers(load(level = 9223372036854775808)))]
fn test() {}

fn main() {}
