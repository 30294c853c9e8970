use itest::prelude::*;

#[integration]
#[ignore = "why"]
mod tests {}

fn main() {}
