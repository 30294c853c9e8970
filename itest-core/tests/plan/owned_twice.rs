use itest::prelude::*;

pub struct Conn;

#[fixture]
fn conn() -> Conn {
    Conn
}

#[fixture]
fn user(conn: &Conn) -> u8 {
    let _ = conn;
    1
}

#[integration]
fn t(conn: Conn, user: &u8) {
    let _ = (conn, user);
}
