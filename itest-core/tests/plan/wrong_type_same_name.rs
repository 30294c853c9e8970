use itest::prelude::*;

pub mod v1 {
    pub struct Client;
}
pub mod v2 {
    pub struct Client;
}

#[fixture]
fn client() -> v1::Client {
    v1::Client
}

#[integration]
fn asks(client: &v2::Client) {
    let _ = client;
}
