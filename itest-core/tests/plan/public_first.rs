use itest::prelude::*;

mod common {
    use itest::prelude::*;

    #[fixture]
    pub fn db() -> u8 {
        1
    }
}

mod special {
    use itest::prelude::*;

    #[fixture]
    fn db(db: &u8) -> u8 {
        *db + 1
    }

    #[integration]
    fn t(db: &u8) {
        let _ = db;
    }
}

#[integration]
fn t(db: &u8) {
    let _ = db;
}
