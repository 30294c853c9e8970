use itest::prelude::*;

#[integration(timeout = "5s", retries = 1, timeout = "6s")]
fn test() {}

fn main() {}
