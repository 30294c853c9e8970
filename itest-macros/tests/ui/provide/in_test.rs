use itest::prelude::*;

#[integration]
fn test() {
    provide!(1);
}

fn main() {}
