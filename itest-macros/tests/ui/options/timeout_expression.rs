use itest::prelude::*;

#[integration(timeout = LIMIT)]
fn test() {}

fn main() {}
