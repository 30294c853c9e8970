//! Values for fixtures that do not take them.

use itest::prelude::*;

#[fixture]
fn plain() -> u32 {
    1
}

#[fixture(params(1, 2))]
fn number(#[param] value: u16) -> u16 {
    value
}

#[integration]
#[with(plain = 1)]
fn gives_to_a_plain_one(plain: &u32) {
    let _ = plain;
}

#[integration]
#[with(other = 1)]
fn gives_to_one_that_it_does_not_use(number: &u16) {
    let _ = number;
}

#[integration]
#[with(number = 70_000)]
fn gives_too_much(number: &u16) {
    let _ = number;
}

#[integration]
#[with(number = "seven")]
fn gives_another_type(number: &u16) {
    let _ = number;
}
