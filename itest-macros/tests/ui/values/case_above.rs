use itest::prelude::*;

#[case(1)]
fn no_test(a: u32) { assert_eq!(a, 1); }

#[case(1)]
#[test]
fn plain() {}

#[case(1)]
struct Thing;

fn main() {}
