use itest::prelude::*;

#[integration(crate = 3)]
fn test() {}

fn main() {}
