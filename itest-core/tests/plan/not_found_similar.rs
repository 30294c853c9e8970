use itest::prelude::*;

#[fixture]
fn database() -> String {
    String::new()
}

#[integration]
fn creates_user(databse: &String) {
    let _ = databse;
}
