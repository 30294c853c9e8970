use itest::prelude::*;

#[integration]
async fn test() -> Result {
    1
}

fn main() {}
