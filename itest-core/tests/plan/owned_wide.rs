use itest::prelude::*;

pub struct Pool;

#[fixture(scope = "worker")]
fn pool() -> Pool {
    Pool
}

#[integration]
fn t(pool: Pool) {
    let _ = pool;
}
