use itest::prelude::*;

#[integration(uses())]
fn test() {}

fn main() {}
