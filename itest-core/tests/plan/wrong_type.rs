use itest::prelude::*;

#[fixture]
fn port() -> u16 {
    80
}

#[integration]
fn listens(port: &u32) {
    let _ = port;
}
