use itest::prelude::*;

#[integration(markers())]
fn test() {}

fn main() {}
