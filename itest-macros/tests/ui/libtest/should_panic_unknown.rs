use itest::prelude::*;

#[integration]
#[should_panic(message = "boom")]
fn test() {}

fn main() {}
