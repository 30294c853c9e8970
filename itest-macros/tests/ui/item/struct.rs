use itest::prelude::*;

#[integration]
struct Test;

fn main() {}
