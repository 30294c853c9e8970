use itest::prelude::*;

#[fixture(scope = "worker")]
fn pool() -> u8 {
    1
}

#[fixture(scope = "session")]
fn server(pool: &u8) -> u8 {
    *pool
}

#[integration]
fn t(server: &u8) {
    let _ = server;
}
