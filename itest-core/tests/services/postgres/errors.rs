//! What goes wrong is told once, with what to do.

use std::net::TcpListener;
use std::process::Command;

use itest::prelude::*;
use itest::service::Postgres;

use super::sql;
use crate::scene::{Place, Scene};

const SCENES: &str = "postgres::scenes::";

fn scene(name: &str) -> Scene {
    Scene::of(&format!("{SCENES}{name}::"))
}

#[integration]
fn a_failing_migration_is_told_with_its_line(postgres: &Postgres) {
    let place = Place::new("migrations");
    place.write("1_users.sql", "CREATE TABLE users (id int);");
    place.write(
        "2_wrong.sql",
        "\nCREATE TABLE posts (id int);\nALTER TABEL posts ADD x int;\n",
    );
    scene("migrated")
        .env("SCENE_DIRECTORY", place.path())
        .run()
        .ended_with(101)
        .says_once("2_wrong.sql:3: `ALTER TABEL posts ADD x int;`")
        .says_once("syntax error at or near \"TABEL\" (SQLSTATE 42601)")
        .says("4 errors");
    let _ = postgres;
}

#[integration]
fn without_a_server_the_reason_lists_what_was_tried() {
    scene("other_version")
        .run()
        .ended_with(0)
        .says("no PostgreSQL here: ITEST_POSTGRES_URL is not set; DATABASE_URL is not set; ")
        .says("Install PostgreSQL (Debian: `apt-get install postgresql`");
}

/// However the run is made up: by worker processes or not, from a flag or a variable.
#[integration]
fn a_required_server_that_is_missing_is_told_once() {
    let scenes = [
        scene("other_version").arg("--require=postgres"),
        scene("other_version").env("ITEST_REQUIRE", "redis,postgres"),
        scene("other_version")
            .arg("--require")
            .arg("--test-threads=3"),
        scene("other_version").arg("--require").arg("--in-process"),
    ];
    for scene in scenes {
        scene
            .run()
            .ended_with(101)
            .says_once("error: fixture `postgres::scenes::other_version::postgres` failed in setup")
            .says_once(
                "required here, but it would be skipped: no PostgreSQL here: ITEST_POSTGRES_URL \
                 is not set; DATABASE_URL is not set; ",
            )
            .says_once("Install PostgreSQL (Debian: `apt-get install postgresql`")
            .says("3 errors")
            .says("test result: FAILED. 0 passed; 3 failed; 0 ignored");
    }
}

#[integration]
fn a_url_of_production_is_refused() {
    for url in [
        "postgres://app@10.0.0.1/shop_production",
        "postgres://a@x.rds.amazonaws.com/a",
    ] {
        scene("plain")
            .env("ITEST_POSTGRES_URL", url)
            .run()
            .ended_with(101)
            .says_once("ITEST_POSTGRES_URL looks like production: its ")
            .says("ITEST_ALLOW_DATABASE_URL=1");
    }
}

/// An application's own variable never decides against a private server.
#[integration]
fn an_applications_url_elsewhere_is_not_used(postgres: &Postgres) {
    let _ = postgres;
    for url in [
        "postgres://app@db.example.com/shop",
        "postgres://app@localhost/shop_production",
        "postgres:///shop?host=/no/such/directory",
        "mysql://localhost/shop",
    ] {
        scene("plain")
            .env("DATABASE_URL", url)
            .run()
            .ended_with(0)
            .says("4 passed");
    }
}

#[integration]
fn a_user_who_may_not_create_databases_is_told_once(postgres: &Postgres) {
    sql(postgres.url(), "CREATE ROLE poor LOGIN");
    let url = postgres.url().replace("user=postgres", "user=poor");
    scene("plain")
        .env("ITEST_POSTGRES_URL", &url)
        .run()
        .ended_with(101)
        .says_once("user `poor` of ITEST_POSTGRES_URL may not create databases")
        .says_once("ALTER ROLE \"poor\" CREATEDB");
}

/// A server of the environment is used as it is, and has nothing of ours afterwards.
#[integration]
async fn a_given_server_is_left_as_it_was() -> Result {
    let server = Postgres::builder().private().start().await?;
    let databases = "SELECT string_agg(datname, ' ' ORDER BY datname) FROM pg_database \
                     WHERE NOT datistemplate";
    sql(server.url(), "CREATE DATABASE mine");
    // What a run left that was killed; its tag is of nobody who lives.
    sql(server.url(), "CREATE DATABASE itest_0badcafe_00000001_left");
    sql(server.url(), "CREATE DATABASE itest_of_somebody_else");
    let url = server.url_for("mine");
    for variable in ["ITEST_POSTGRES_URL", "DATABASE_URL"] {
        scene("plain")
            .env(variable, &url)
            .run()
            .ended_with(0)
            .says("4 passed");
        assert_eq!(
            sql(server.url(), databases),
            "itest_of_somebody_else mine postgres"
        );
    }
    Ok(())
}

#[integration]
async fn passwords_are_taken_however_they_are_asked_for() -> Result {
    for method in ["scram-sha-256", "md5", "password"] {
        let server = Postgres::builder().tcp(true).private().start().await?;
        let rules = server.socket_dir().unwrap().join("data/pg_hba.conf");
        let encryption = match method {
            "md5" => "md5",
            _ => "scram-sha-256",
        };
        sql(
            server.url(),
            &format!(
                "SET password_encryption = '{encryption}'; \
                 CREATE ROLE ada LOGIN CREATEDB PASSWORD 's@crt ü'"
            ),
        );
        std::fs::write(
            rules,
            format!("host all postgres all trust\nhost all ada all {method}\n"),
        )?;
        sql(server.url(), "SELECT pg_reload_conf()");
        let url = server
            .url()
            .replace("//postgres@", "//ada:s%40crt%20%C3%BC@");
        scene("plain")
            .env("ITEST_POSTGRES_URL", &url)
            .run()
            .ended_with(0)
            .says("4 passed");
        let url = server.url().replace("//postgres@", "//ada:wrong@");
        scene("plain")
            .env("ITEST_POSTGRES_URL", &url)
            .run()
            .ended_with(101)
            .says_once("password authentication failed for user \"ada\"");
        let url = server.url().replace("//postgres@", "//ada@");
        scene("plain")
            .env("ITEST_POSTGRES_URL", &url)
            .run()
            .ended_with(101)
            .says_once("the server wants a password for user `ada`, and the URL has none");
    }
    Ok(())
}

#[integration]
fn a_url_where_nothing_answers_is_told_once() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = free.local_addr().unwrap();
    drop(free);
    scene("plain")
        .env("ITEST_POSTGRES_URL", &format!("postgres://a@{address}/a"))
        .run()
        .ended_with(101)
        .says_once(&format!("cannot connect to ITEST_POSTGRES_URL ({address})"))
        .says_once("Connection refused");
}

#[integration]
fn a_stolen_port_is_named(postgres: &Postgres) {
    let _ = postgres;
    let thief = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = thief.local_addr().unwrap().port();
    scene("fixed_port")
        .env("SCENE_PORT", &port.to_string())
        .run()
        .ended_with(101)
        .says_once(&format!(
            "port {port} of 127.0.0.1 is taken by another program"
        ));
}

#[integration]
fn a_wrong_setting_shows_what_the_server_says(postgres: &Postgres) {
    let _ = postgres;
    scene("wrong_setting")
        .run()
        .ended_with(101)
        .says_once("PostgreSQL did not start: exit status: 1")
        .says_once("unrecognized configuration parameter \"no_such_setting\"");
}

#[integration]
fn a_server_that_was_killed_is_told_once(postgres: &Postgres) {
    let _ = postgres;
    scene("killed")
        .arg("--test-threads=1")
        .run()
        .ended_with(101)
        .says("test postgres::scenes::killed::a_kills_it ... ok")
        .says_once("the PostgreSQL server of this run does not answer any more")
        .says_once("PostgreSQL ended before it was stopped: signal: 9 (SIGKILL)")
        .says("4 errors");
}

/// A file system of so many MB, gone at the end.
struct Small(Place);

impl Small {
    fn new(name: &str, megabytes: u32) -> Self {
        let place = Place::new(name);
        let mounted = Command::new("mount")
            .args([
                "-t",
                "tmpfs",
                "-o",
                &format!("size={megabytes}m,mode=755"),
                "tmpfs",
            ])
            .arg(place.path())
            .status();
        if !mounted.is_ok_and(|status| status.success()) {
            itest::skip!("a small file system cannot be mounted here");
        }
        Small(place)
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.0.path()).status();
    }
}

#[integration]
#[skip_if(not(root), reason = "only root can mount a small file system")]
fn a_full_disk_is_told_once(postgres: &Postgres) {
    let _ = postgres;
    let small = Small::new("full", 10);
    scene("plain")
        .env("ITEST_SERVICE_DIR", small.0.path())
        .run()
        .ended_with(101)
        .says_once("cannot copy the initialised data directory")
        .says("No space left on device");
    drop(small);
    // Room for the server, and not for one database more.
    let small = Small::new("nearly", 45);
    let cache = Place::new("cache");
    scene("plain")
        .env("ITEST_SERVICE_DIR", small.0.path())
        .env("ITEST_CACHE_DIR", cache.path())
        .run()
        .ended_with(101)
        .says("No space left on device")
        .says("ITEST_SERVICE_DIR names another place");
}
