use itest::prelude::*;

#[skip_if(env = "CI")]
mod tests {}

fn main() {}
