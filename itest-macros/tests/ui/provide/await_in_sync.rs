use itest::prelude::*;

#[fixture]
fn db() -> u8 {
    provide!(std::future::ready(1).await);
}

fn main() {}
