use itest::prelude::*;

#[fixture]
fn db(db: &u8) -> u8 {
    *db
}

#[integration]
fn reads(db: &u8) {
    let _ = db;
}
