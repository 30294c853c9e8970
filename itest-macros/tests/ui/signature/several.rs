use itest::prelude::*;

#[integration]
unsafe fn test<T>((a, b): &T, c: impl Clone, _: u8) {}

fn main() {}
