use itest::prelude::*;

#[integration]
const fn test() {}

fn main() {}
