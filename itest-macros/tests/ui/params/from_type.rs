use itest::prelude::*;

#[fixture]
fn number() -> u8 {
    1
}

#[integration]
fn test(#[from(number)] text: &String) {
    let _ = text;
}

fn main() {}
