use itest::prelude::*;

#[skip_if(env = "CI")]
struct Test;

fn main() {}
