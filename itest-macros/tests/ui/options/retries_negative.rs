use itest::prelude::*;

#[integration(retries = -1)]
fn test() {}

fn main() {}
