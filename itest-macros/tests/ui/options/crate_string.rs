use itest::prelude::*;

#[integration(crate = "my::itest")]
fn test() {}

fn main() {}
