use itest::prelude::*;

struct Test;

#[integration]
impl Test {}

fn main() {}
