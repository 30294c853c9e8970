use itest::prelude::*;

#[fixture]
async fn db() -> u8 {
    loop {
        provide!(1);
    }
}

fn main() {}
