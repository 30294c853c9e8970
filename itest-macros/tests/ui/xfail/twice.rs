use itest::prelude::*;

#[xfail]
#[integration]
#[xfail(strict)]
fn test() {}

fn main() {}
