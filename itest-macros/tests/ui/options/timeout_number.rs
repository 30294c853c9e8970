use itest::prelude::*;

#[integration(timeout = 5)]
fn test() {}

fn main() {}
