use itest::prelude::*;

#[fixture]
async fn db() -> u8 {
    provide!();
}

fn main() {}
