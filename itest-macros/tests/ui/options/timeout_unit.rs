use itest::prelude::*;

#[integration(timeout = "5 seconds")]
fn test() {}

fn main() {}
