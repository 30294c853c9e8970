use itest::prelude::*;

#[fixture]
async fn db() -> u8 {
    for number in [1, 2] {
        provide!(number);
    }
}

fn main() {}
