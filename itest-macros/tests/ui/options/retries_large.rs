use itest::prelude::*;

#[integration(retries = 4294967296)]
fn test() {}

fn main() {}
