use itest::prelude::*;

#[integration(uses(3))]
fn test() {}

fn main() {}
