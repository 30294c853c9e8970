//! Private servers: their life, and what the builder can ask for.

use itest::prelude::*;
use itest::service::Postgres;

use super::sql;

#[integration]
async fn the_fixture_is_a_running_server(postgres: &Postgres) {
    let socket = postgres.socket_dir().unwrap();
    assert!(socket.join(".s.PGSQL.5432").exists());
    let log = postgres.log().unwrap();
    assert!(log.contains("ready to accept connections"), "{log}");
    let version = sql(postgres.url(), "SHOW server_version");
    assert!(version.starts_with(postgres.version()), "{version}");
    assert_eq!(sql(postgres.url(), "SHOW fsync"), "off");
}

/// A second server, with settings and a port.
#[fixture(scope = "module")]
async fn other_server() -> Result<Postgres> {
    let builder = Postgres::builder().tcp(true).setting("work_mem", "7MB");
    Ok(builder.initdb("--locale=C.UTF-8").start().await?)
}

#[integration]
async fn a_second_one_is_as_asked_for(other_server: &Postgres, postgres: &Postgres) {
    assert_ne!(other_server.url(), postgres.url());
    assert!(
        other_server
            .url()
            .starts_with("postgres://postgres@127.0.0.1:"),
        "{}",
        other_server.url()
    );
    assert_eq!(sql(other_server.url(), "SHOW work_mem"), "7MB");
    let collation = "SELECT datcollate FROM pg_database WHERE datname = 'postgres'";
    assert_eq!(sql(other_server.url(), collation), "C.UTF-8");
    assert_eq!(sql(postgres.url(), collation), "C");
}

#[integration]
async fn nothing_is_left_of_a_stopped_one(postgres: &Postgres) -> Result {
    let major = postgres.version().split('.').next().unwrap();
    let server = Postgres::builder().version(major).private().start().await?;
    let directory = server.socket_dir().unwrap().to_owned();
    let segment = segment_of(&directory);
    assert!(segments().contains(&segment), "{segment}");
    server.stop().await?;
    assert!(!directory.exists());
    assert!(!segments().contains(&segment), "{segment}");
    Ok(())
}

/// The number of the shared memory segment that shows others that the data is in use.
fn segment_of(directory: &std::path::Path) -> String {
    let file = std::fs::read_to_string(directory.join("data/postmaster.pid")).unwrap();
    let line = file.lines().nth(6).unwrap();
    line.split_whitespace().nth(1).unwrap().to_owned()
}

fn segments() -> Vec<String> {
    let table = std::fs::read_to_string("/proc/sysvipc/shm").unwrap();
    let ids = table
        .lines()
        .skip(1)
        .filter_map(|line| line.split_whitespace().nth(1));
    ids.map(str::to_owned).collect()
}

#[integration]
async fn a_handle_goes_through_json(postgres: &Postgres) -> Result {
    let text = serde_json::to_string(postgres)?;
    let copy: Postgres = serde_json::from_str(&text)?;
    assert_eq!(copy.url(), postgres.url());
    // A copy stops nothing.
    copy.stop().await?;
    assert_eq!(sql(postgres.url(), "SELECT 1"), "1");
    Ok(())
}
