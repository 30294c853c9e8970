use itest::prelude::*;

#[fixture]
fn scratch() -> String {
    String::new()
}

#[fixture(scope = "session")]
fn db(scratch: &String) -> String {
    scratch.clone()
}

#[fixture]
fn app(db: &String) -> usize {
    db.len()
}

#[integration]
fn creates_user(app: &usize) {
    let _ = app;
}
