use itest::prelude::*;

#[integration]
fn test<'a>(db: &'a u8) {
    let _ = db;
}

fn main() {}
