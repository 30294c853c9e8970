use itest::prelude::*;

fn is_ci() -> u8 {
    1
}

#[integration]
#[skip_if(when = is_ci)]
fn test() {}

fn main() {}
