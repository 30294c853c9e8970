use itest::prelude::*;

#[integration]
fn test(#[from = "db"] database: &u8) {}

fn main() {}
