use itest::prelude::*;

#[integration(exclusive(database))]
fn test() {}

fn main() {}
