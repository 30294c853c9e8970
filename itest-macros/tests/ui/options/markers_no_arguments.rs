use itest::prelude::*;

#[integration(markers(load()))]
fn test() {}

fn main() {}
