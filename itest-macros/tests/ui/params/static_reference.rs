use itest::prelude::*;

#[integration]
fn test(name: &'static str) {}

fn main() {}
