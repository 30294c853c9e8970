use itest::prelude::*;

#[integration]
fn test(db: &dyn Send) {}

fn main() {}
