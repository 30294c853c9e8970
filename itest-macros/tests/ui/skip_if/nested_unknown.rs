use itest::prelude::*;

#[skip_if(not(any(env = "CI", comand = "docker")))]
#[integration]
fn test() {}

fn main() {}
