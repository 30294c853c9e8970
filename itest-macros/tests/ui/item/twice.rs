use itest::prelude::*;

#[integration]
#[integration]
fn test() {}

fn main() {}
