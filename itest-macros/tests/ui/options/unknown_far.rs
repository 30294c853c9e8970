use itest::prelude::*;

#[integration(colour = "red")]
fn test() {}

fn main() {}
