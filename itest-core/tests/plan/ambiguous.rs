use itest::prelude::*;

mod a {
    use itest::prelude::*;

    #[fixture]
    pub fn db() -> u8 {
        1
    }
}

mod b {
    use itest::prelude::*;

    #[fixture]
    pub fn db() -> u8 {
        2
    }
}

#[integration]
fn t(db: &u8) {
    let _ = db;
}
