use itest::prelude::*;

#[integration(timeout = 5, retries = "2", serial = yes, worker_threads = 0, color)]
async fn test() {}

fn main() {}
