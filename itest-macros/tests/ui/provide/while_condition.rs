use itest::prelude::*;

#[fixture]
async fn db() -> u8 {
    while provide!(1) == 1 {}
}

fn main() {}
