use itest::prelude::*;

#[fixture]
#[xfail]
fn db() -> u8 {
    1
}

fn main() {}
