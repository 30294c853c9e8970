use itest::prelude::*;

#[xfail]
#[test]
fn test() {}

fn main() {}
