use itest::prelude::*;

#[fixture]
async fn db() -> u8 {
    provide!(1, 2);
}

fn main() {}
