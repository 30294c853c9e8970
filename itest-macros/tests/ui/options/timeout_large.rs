use itest::prelude::*;

#[integration(timeout = "99999999999999999h")]
fn test() {}

fn main() {}
