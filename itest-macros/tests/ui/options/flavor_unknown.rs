use itest::prelude::*;

#[integration(flavor = "multithread")]
async fn test() {}

fn main() {}
