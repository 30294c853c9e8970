use itest::prelude::*;

#[integration]
fn test(#[cfg(unix)] db: &u8) {}

fn main() {}
