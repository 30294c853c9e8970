use itest::prelude::*;

#[integration(retries = "2")]
fn test() {}

fn main() {}
