use itest::prelude::*;

#[fixture]
fn port() -> u16 {
    80
}

#[fixture(scope = "worker")]
fn pool(port: &u16) -> u8 {
    *port as u8
}

#[integration]
fn first(port: &u32, nothing: &u8) {
    let _ = (port, nothing);
}

#[integration]
fn second(pool: &u8) {
    let _ = pool;
}
