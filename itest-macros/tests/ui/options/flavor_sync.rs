use itest::prelude::*;

#[integration(flavor = "multi_thread", worker_threads = 2)]
fn test() {}

fn main() {}
