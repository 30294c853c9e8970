use itest::prelude::*;

#[integration(exclusive("db", "db"))]
fn test() {}

fn main() {}
