use itest::prelude::*;

#[integration(flavor = "multi_thread", worker_threads = 0)]
async fn test() {}

fn main() {}
