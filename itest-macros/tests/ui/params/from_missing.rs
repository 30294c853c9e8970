use itest::prelude::*;

#[integration]
fn test(#[from(common::db)] database: &u8) {
    let _ = database;
}

fn main() {}
