use itest::prelude::*;

#[integration(markers = slow)]
fn test() {}

fn main() {}
