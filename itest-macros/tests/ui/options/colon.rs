use itest::prelude::*;

#[integration(timeout: "5s")]
fn test() {}

fn main() {}
