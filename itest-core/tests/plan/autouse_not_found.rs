use itest::prelude::*;

#[fixture(autouse)]
fn environment(config: &u8) {
    let _ = config;
}

#[integration]
fn t() {}
