use itest::prelude::*;

#[fixture]
async fn db() -> u8 {
    let number = provide!(1);
    number
}

fn main() {}
