use itest::prelude::*;

#[integration(timeout)]
fn test() {}

fn main() {}
