use itest::prelude::*;

#[integration(uses(db, "db"))]
fn test() {}

fn main() {}
