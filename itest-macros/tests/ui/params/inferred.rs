use itest::prelude::*;

#[integration]
fn test(db: &Vec<_>) {}

fn main() {}
