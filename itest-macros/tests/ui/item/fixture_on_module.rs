use itest::prelude::*;

#[fixture]
mod db {}

fn main() {}
