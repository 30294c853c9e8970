use itest::prelude::*;

#[integration]
async fn test() -> Result<u32> {
    Ok(1)
}

fn main() {}
