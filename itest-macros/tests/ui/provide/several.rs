use itest::prelude::*;

#[fixture(scope = "wroker")]
fn db(#[cfg(unix)] a: u8) -> u8 {
    for _ in 0..2 {
        provide!(1);
    }
    provide!(2);
}

fn main() {}
