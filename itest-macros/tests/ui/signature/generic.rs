use itest::prelude::*;

#[integration]
fn test<T>() {}

fn main() {}
