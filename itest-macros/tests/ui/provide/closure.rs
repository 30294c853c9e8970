use itest::prelude::*;

#[fixture]
async fn db() -> u8 {
    let give = |number| provide!(number);
    give(1);
}

fn main() {}
