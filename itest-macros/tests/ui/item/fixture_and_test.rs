use itest::prelude::*;

#[fixture]
#[integration_test]
fn test() {}

fn main() {}
