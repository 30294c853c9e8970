use itest::prelude::*;

struct Tests;

impl Tests {
    #[integration]
    fn test(&self) {}
}

fn main() {}
