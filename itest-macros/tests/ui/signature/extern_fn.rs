use itest::prelude::*;

#[integration]
extern "C" fn test() {}

fn main() {}
