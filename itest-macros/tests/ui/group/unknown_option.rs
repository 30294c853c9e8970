use itest::prelude::*;

#[integration(scope = "session")]
mod tests {}

fn main() {}
