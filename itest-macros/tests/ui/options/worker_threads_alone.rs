use itest::prelude::*;

#[integration(worker_threads = 4)]
async fn test() {}

fn main() {}
