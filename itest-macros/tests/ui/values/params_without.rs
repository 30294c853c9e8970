use itest::prelude::*;

#[fixture(params(1, 2))]
fn no_param() -> u32 { 1 }

#[fixture(params())]
fn nothing(#[param] a: u32) -> u32 { a }

#[fixture(params(1))]
fn two(#[param] a: u32, #[param] b: u32) -> u32 { a + b }

#[fixture(params(1))]
fn values(#[param(1)] a: u32) -> u32 { a }

#[fixture(params(1))]
fn unnamed(#[param] a: impl Copy) -> usize { size_of_val(&a) }

fn main() {}
