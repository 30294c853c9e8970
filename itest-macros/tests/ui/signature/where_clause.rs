use itest::prelude::*;

#[integration]
fn test()
where
    u8: Copy,
{
}

fn main() {}
