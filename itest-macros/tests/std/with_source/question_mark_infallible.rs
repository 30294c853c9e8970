use itest::prelude::*;

#[fixture]
async fn db() -> u8 {
    provide!("1".parse()?);
}

fn main() {}
