use itest::prelude::*;

#[skip_if(when = || true)]
#[integration]
fn test() {}

fn main() {}
