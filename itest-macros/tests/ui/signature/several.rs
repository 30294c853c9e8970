use itest::prelude::*;

#[integration]
unsafe fn test<T>((a, b): (u8, u8), c: impl Clone, _: u8) {}

fn main() {}
