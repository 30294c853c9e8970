use itest::prelude::*;

#[integration(markers(load(level = 1.5)))]
fn test() {}

fn main() {}
