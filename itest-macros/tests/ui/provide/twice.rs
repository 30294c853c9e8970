use itest::prelude::*;

#[fixture]
async fn db() -> u8 {
    if std::env::var_os("CI").is_some() {
        provide!(1);
    } else {
        provide!(2);
    }
}

fn main() {}
