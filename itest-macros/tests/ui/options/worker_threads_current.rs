use itest::prelude::*;

#[integration(flavor = "current_thread", worker_threads = 4)]
async fn test() {}

fn main() {}
