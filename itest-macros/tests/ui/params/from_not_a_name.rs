use itest::prelude::*;

#[integration]
fn test(#[from("my db")] database: &u8) {}

fn main() {}
