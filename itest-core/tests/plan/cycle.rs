use itest::prelude::*;

#[fixture]
fn a(b: &u8) -> u8 {
    *b
}

#[fixture]
fn b(c: &u8) -> u8 {
    *c
}

#[fixture]
fn c(a: &u8) -> u8 {
    *a
}

#[integration]
fn first(a: &u8) {
    let _ = a;
}

#[integration]
fn second(b: &u8) {
    let _ = b;
}
