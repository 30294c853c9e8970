use itest::prelude::*;

#[integration]
fn test(db: &u8) -> &u8 {
    db
}

fn main() {}
