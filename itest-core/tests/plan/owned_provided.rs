use itest::prelude::*;

pub struct Conn;

#[fixture]
fn conn() -> Conn {
    let conn = provide!(Conn);
    let _ = conn;
}

#[integration]
fn t(conn: Conn) {
    let _ = conn;
}
