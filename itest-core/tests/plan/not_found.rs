use itest::prelude::*;

#[integration]
fn creates_user(shared_db: &String) {
    let _ = shared_db;
}
