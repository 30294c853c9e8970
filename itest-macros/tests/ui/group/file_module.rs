use itest::prelude::*;

#[integration(timeout = "5s")]
#[path = "file_module.txt"]
mod tests;

fn main() {}
