use itest::prelude::*;

#[integration]
fn test();

fn main() {}
