use itest::prelude::*;

#[integration]
#[xfail(run)]
fn test() {}

fn main() {}
