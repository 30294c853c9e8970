use itest::prelude::*;

#[integration(shared = "database")]
fn test() {}

fn main() {}
