use itest::prelude::*;

#[integration(markers(not))]
fn test() {}

fn main() {}
