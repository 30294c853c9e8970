use itest::prelude::*;

#[skip_if(env = "CI")]
#[test]
#[should_panic]
fn test() {
    panic!()
}

fn main() {}
