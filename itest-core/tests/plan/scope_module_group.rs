use itest::prelude::*;

#[fixture(scope = "group")]
fn narrow() -> u8 {
    1
}

#[fixture(scope = "module")]
fn wide(narrow: &u8) -> u8 {
    *narrow
}

#[integration]
fn t(wide: &u8) {
    let _ = wide;
}
