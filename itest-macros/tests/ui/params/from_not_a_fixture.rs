use itest::prelude::*;

fn number() -> u8 {
    1
}

#[integration]
fn test(#[from(number)] number: &u8) {
    let _ = number;
}

fn main() {}
