use itest::prelude::*;

#[fixture]
fn conn() -> u8 {
    1
}

#[integration]
fn t(conn: &mut u8, #[from("conn")] same: &u8) {
    let _ = (conn, same);
}
