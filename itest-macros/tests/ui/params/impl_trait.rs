use itest::prelude::*;

#[integration]
fn test(db: &impl Clone) {}

fn main() {}
