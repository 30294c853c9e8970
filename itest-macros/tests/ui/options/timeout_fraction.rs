use itest::prelude::*;

#[integration(timeout = "1.5s")]
fn test() {}

fn main() {}
