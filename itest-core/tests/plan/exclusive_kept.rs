use itest::prelude::*;

#[fixture]
fn conn() -> u8 {
    1
}

#[fixture]
fn row(conn: &u8) -> u8 {
    provide!(*conn);
    let _ = conn;
}

#[integration]
fn t(conn: &mut u8, row: &u8) {
    let _ = (conn, row);
}
