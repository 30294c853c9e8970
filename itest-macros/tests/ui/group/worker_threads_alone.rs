use itest::prelude::*;

#[integration(worker_threads = 2)]
mod tests {}

fn main() {}
