use itest::prelude::*;

#[integration]
fn test(#[from("a")] #[from("b")] database: &u8) {}

fn main() {}
