use itest::prelude::*;

#[integration(flavor = multi_thread)]
async fn test() {}

fn main() {}
