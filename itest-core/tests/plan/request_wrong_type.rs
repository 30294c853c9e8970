use itest::prelude::*;

#[fixture]
fn db(request: &String) -> usize {
    request.len()
}

#[integration]
fn t(db: &usize) {
    let _ = db;
}
