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

/// A program that answers as Docker does, whose container is a server that we started.
const ENGINE: &str = r#"#!/bin/sh
dir=$(dirname "$0")
echo "$@" >>"$dir/calls"
case "$1" in
    version) echo 20.10 ;;
    run) echo 0123456789abcdef ;;
    port) echo "127.0.0.1:$(cat "$dir/port")" ;;
    wait) while [ ! -e "$dir/removed" ]; do sleep 0.02; done ;;
    rm) touch "$dir/removed" ;;
    *) ;;
esac
"#;

/// A version that is not installed.
#[integration]
async fn a_container_is_the_last_way() -> Result {
    use std::os::unix::fs::PermissionsExt;
    let server = Postgres::builder().tcp(true).private().start().await?;
    let (_, port) = server.url().rsplit_once(':').unwrap();
    let port = port.split('/').next().unwrap();
    let place = crate::scene::Place::new("pg-engine");
    place.write("docker", ENGINE);
    place.write("port", port);
    let engine = format!("{}/docker", place.path());
    std::fs::set_permissions(&engine, std::fs::Permissions::from_mode(0o755))?;
    crate::scene::Scene::of("postgres::scenes::other_version::")
        .env("ITEST_CONTAINER_ENGINE", &engine)
        .run()
        .ended_with(0)
        .says("3 passed");
    let calls = std::fs::read_to_string(format!("{}/calls", place.path()))?;
    assert!(calls.contains("--env POSTGRES_PASSWORD="), "{calls}");
    assert!(
        calls.contains("postgres:1.0 postgres -c fsync=off"),
        "{calls}"
    );
    assert!(calls.contains("rm -f -v 0123456789abcdef"), "{calls}");
    Ok(())
}
