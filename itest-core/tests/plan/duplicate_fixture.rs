use itest::prelude::*;

#[fixture]
fn db() -> u8 {
    1
}

#[fixture(name = "db")]
fn other() -> u8 {
    2
}

#[integration]
fn t() {}
