use itest::prelude::*;

#[integration]
#[should_panic]
mod tests {}

fn main() {}
