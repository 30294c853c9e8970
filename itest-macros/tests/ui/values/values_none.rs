use itest::prelude::*;

#[integration]
fn none(#[values()] a: u32) { assert_eq!(a, 1); }

#[integration]
fn bare(#[values] a: u32) { assert_eq!(a, 1); }

#[integration]
fn broken(#[values(1 2)] a: u32) { assert_eq!(a, 1); }

fn main() {}
