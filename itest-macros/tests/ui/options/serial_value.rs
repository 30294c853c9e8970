use itest::prelude::*;

#[integration(serial = true)]
fn test() {}

fn main() {}
