use itest::prelude::*;

#[fixture]
fn db() -> u8 {
    1
}

mod inner {
    use itest::prelude::*;

    #[fixture(scope = "session")]
    fn db(db: &u8) -> u8 {
        *db
    }

    #[integration]
    fn t(db: &u8) {
        let _ = db;
    }
}
