use itest::prelude::*;

#[integration]
fn test() -> u32 {
    1
}

fn main() {}
