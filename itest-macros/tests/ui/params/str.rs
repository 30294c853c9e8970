use itest::prelude::*;

#[integration]
fn test(name: &str) {}

fn main() {}
