use itest::prelude::*;

#[integration]
#[test]
fn test() {}

fn main() {}
