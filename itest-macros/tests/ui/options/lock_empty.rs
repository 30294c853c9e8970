use itest::prelude::*;

#[integration(exclusive(""))]
fn test() {}

fn main() {}
