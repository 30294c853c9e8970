use itest::prelude::*;

#[integration]
fn test(#[form(db)] database: &u8) {}

fn main() {}
