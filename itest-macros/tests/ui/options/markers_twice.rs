use itest::prelude::*;

#[integration(markers(slow, external, slow))]
fn test() {}

fn main() {}
