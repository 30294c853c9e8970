use itest::prelude::*;

#[integration]
unsafe fn test() {}

fn main() {}
