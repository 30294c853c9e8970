use itest::prelude::*;

#[fixture]
async fn db() -> u8 {
    println!("{}", provide!(1));
    vec![provide!(2)];
}

fn main() {}
