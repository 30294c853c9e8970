use itest::prelude::*;

#[fixture]
static DB: u8 = 1;

fn main() {}
