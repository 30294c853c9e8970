use itest::prelude::*;

#[integration(uses(db()))]
fn test() {}

fn main() {}
