use itest::prelude::*;

#[integration(markers(load(level = 1, level = 2)))]
fn test() {}

fn main() {}
