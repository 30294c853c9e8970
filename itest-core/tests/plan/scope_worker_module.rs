use itest::prelude::*;

#[fixture(scope = "module")]
fn narrow() -> u8 {
    1
}

#[fixture(scope = "worker")]
fn wide(narrow: &u8) -> u8 {
    *narrow
}

#[integration(uses(wide))]
fn t() {}
