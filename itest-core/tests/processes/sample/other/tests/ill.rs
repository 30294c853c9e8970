//! Fixtures that are wrong.

use itest::prelude::*;

itest::main!();

#[integration]
fn of_ill(nobody: &String) {
    assert_eq!(nobody, "");
}
