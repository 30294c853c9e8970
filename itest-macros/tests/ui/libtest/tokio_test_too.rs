use itest::prelude::*;

#[integration]
#[tokio::test]
async fn test() {}

fn main() {}
