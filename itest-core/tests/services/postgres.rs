//! A private PostgreSQL server: its life, and the order of choices.

use itest::prelude::*;
use itest::service::Postgres;

#[integration]
async fn the_fixture_is_a_running_server(postgres: &Postgres) {
    let socket = postgres.socket_dir().unwrap();
    assert!(socket.join(".s.PGSQL.5432").exists());
    let log = postgres.log().unwrap();
    assert!(log.contains("ready to accept connections"), "{log}");
}
