use itest::prelude::*;

#[skip_if(env = "CI")]
async fn test(db: &u8) {
    let _ = db;
}

fn main() {}
