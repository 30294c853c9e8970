use itest::prelude::*;

#[skip_if(when = "is_ci")]
#[integration]
fn test() {}

fn main() {}
