use itest::prelude::*;

#[fixture]
async fn db() -> u8 {
    async {
        provide!(1);
    }
    .await;
}

fn main() {}
