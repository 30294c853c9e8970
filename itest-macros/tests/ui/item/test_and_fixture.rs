use itest::prelude::*;

#[integration]
#[fixture]
fn test() {}

fn main() {}
