use itest::prelude::*;

#[fixture]
async fn db() -> u8 {
    fn give() {
        provide!(1);
    }
    give();
    1
}

fn main() {}
