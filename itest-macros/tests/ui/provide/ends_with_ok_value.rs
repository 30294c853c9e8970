use itest::prelude::*;

#[fixture]
async fn db() -> Result<u8> {
    let number = provide!(1);
    Ok(number)
}

fn main() {}
