use itest::prelude::*;

#[integration(shared("db"), exclusive("db"))]
fn test() {}

fn main() {}
