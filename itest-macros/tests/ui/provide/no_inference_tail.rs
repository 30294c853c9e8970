use itest::prelude::*;

#[fixture]
async fn db() -> u8 {
    provide!(1);
    if true { 1 } else { 2 }
}

fn main() {}
