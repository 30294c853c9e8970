use itest::prelude::*;

#[integration(timeout = "30s1m")]
fn test() {}

fn main() {}
