use itest::prelude::*;

#[integration(timeout = "0s")]
fn test() {}

fn main() {}
