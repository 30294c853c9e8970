use itest::prelude::*;

#[integration]
fn test(#[from("common::db")] database: &u8) {}

fn main() {}
