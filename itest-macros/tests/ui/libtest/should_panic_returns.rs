use itest::prelude::*;

#[integration]
#[should_panic]
fn test() -> Result {
    Ok(())
}

fn main() {}
