use itest::prelude::*;

#[integration]
fn test(db: &Database) {
    let _ = db;
}

fn main() {}
