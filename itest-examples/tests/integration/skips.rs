//! Tests that do not run everywhere, and tests that do not pass yet.
//!
//! A condition is looked at before anything is set up, and a reason says how to make the test run.
//! `ITEST_REQUIRE=1` makes such skips failures, for machines that should have everything.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Command;

use itest::prelude::*;
use itest::service::sqlite::SqliteDatabase;
use itest_examples::api::{AppState, Server};
use itest_examples::database::{Database, Dataset};
use itest_examples::error::chain;
use itest_examples::import::loader::Source;
use itest_examples::import::{Stage, pipeline};
use itest_examples::model::NewUser;
use reqwest::Client;

/// On `#[skip_if]`: what the machine must have.
#[integration(markers(integration))]
mod conditions {
    use super::*;

    #[fixture]
    fn database_file(sqlite_database: &SqliteDatabase) -> PathBuf {
        sqlite_database.path().to_owned()
    }

    #[integration]
    #[skip_if(
        not(command = "sqlite3"),
        reason = "install `sqlite3` to read the file from outside"
    )]
    async fn others_can_read_the_file(database_file: &PathBuf) -> Result {
        let db = Database::open(database_file).await?;
        db.seed_large_dataset(3).await?;
        db.close().await;

        let mut sqlite3 = Command::new("sqlite3");
        let output = sqlite3
            .arg(database_file)
            .arg("SELECT sum(value) FROM resources")
            .output()?;
        assert_eq!(String::from_utf8(output.stdout)?.trim(), "6");
        Ok(())
    }

    #[integration]
    #[skip_if(not(os = "linux"), reason = "looks into /proc")]
    async fn closing_leaves_no_file_open(database_file: &PathBuf) -> Result {
        let database_file = database_file.canonicalize()?;
        let is_open = || -> Result<bool> {
            let mut open = std::fs::read_dir("/proc/self/fd")?.flatten();
            Ok(open.any(|entry| {
                entry
                    .path()
                    .read_link()
                    .is_ok_and(|file| file == database_file)
            }))
        };
        let db = Database::open(&database_file).await?;
        assert!(is_open()?);
        db.close().await;
        assert!(!is_open()?);
        Ok(())
    }

    /// What does not even compile elsewhere is for `cfg`, as in any Rust.
    #[cfg(unix)]
    #[integration]
    #[skip_if(root, reason = "root may read everything: run as another user")]
    async fn a_secret_file_is_refused(db: &Database) -> Result {
        use std::fs::Permissions;
        use std::os::unix::fs::PermissionsExt;

        let file = tempfile::Builder::new().suffix(".csv").tempfile()?;
        file.as_file()
            .set_permissions(Permissions::from_mode(0o000))?;
        let error = chain(&pipeline::run(db, file.path()).await.unwrap_err());
        assert!(error.contains("loader: cannot read the file"), "{error}");
        Ok(())
    }

    #[integration]
    #[skip_if(
        not(file = "tests/data/private_users.csv"),
        reason = "put real users into tests/data/private_users.csv, which stays out of Git"
    )]
    async fn real_users_can_be_imported(db: &Database) -> Result {
        pipeline::run(db, itest::data::path("tests/data/private_users.csv")).await?;
        Ok(())
    }

    #[integration]
    #[skip_if(
        not(tcp = "127.0.0.1:5432"),
        reason = "start a PostgreSQL server on its usual port, 5432"
    )]
    fn something_that_listens_on_5432_is_postgres() -> Result {
        use std::io::{Read, Write};
        // "May we have TLS?", which every server answers with yes or no.
        let mut stream = std::net::TcpStream::connect("127.0.0.1:5432")?;
        stream.write_all(&[0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f])?;
        let mut answer = [0];
        stream.read_exact(&mut answer)?;
        assert!(matches!(&answer, b"S" | b"N"), "{answer:?}");
        Ok(())
    }

    /// Any function that returns a `bool` can be a condition.
    fn single_core() -> bool {
        std::thread::available_parallelism().is_ok_and(|cores| cores.get() == 1)
    }

    #[integration(flavor = "multi_thread", worker_threads = 2)]
    #[skip_if(when = single_core, reason = "a race needs two cores")]
    #[skip_if(cfg(miri), reason = "Miri cannot run SQLite, which is C")]
    async fn of_two_writers_one_wins(db: &Database) -> Result {
        let user = NewUser::new("test", "test@example.com");
        let race = [(); 2].map(|()| {
            let (db, user) = (db.clone(), user.clone());
            tokio::spawn(async move { db.users().create(&user).await })
        });
        let mut winners = 0;
        for racer in race {
            winners += u32::from(racer.await?.is_ok());
        }
        assert_eq!(winners, 1);
        Ok(())
    }

    /// Without a condition: not now.
    #[integration]
    #[skip(reason = "there is no endpoint for exports yet")]
    async fn users_can_be_exported(_db: &Database) {
        unreachable!("the body of a skipped test does not run");
    }
}

/// `skip!`: what only the test, or a fixture, can find out.
#[integration(markers(integration))]
mod at_run_time {
    use super::*;

    /// Skips every test that needs it.
    #[fixture]
    async fn ipv6_server(db: &Database) -> Result<Server> {
        let address: SocketAddr = "[::1]:0".parse()?;
        let server = match Server::bind(address, AppState::new(db.clone())).await {
            Ok(server) => server,
            Err(error) => itest::skip!("this machine has no IPv6: {error}"),
        };
        let server = provide!(server);
        server.stop().await?;
    }

    #[integration]
    async fn the_service_speaks_ipv6(ipv6_server: &Server, http: &Client) -> Result {
        let health = format!("{}/health", ipv6_server.url());
        assert!(http.get(health).send().await?.status().is_success());
        Ok(())
    }

    #[integration]
    async fn names_are_found_in_any_case(db: &Database) -> Result {
        let lower: String = sqlx::query_scalar("SELECT lower('Ä')")
            .fetch_one(db.pool())
            .await?;
        if lower != "ä" {
            itest::skip!(
                "this {:?} folds only ASCII: build it with ICU",
                db.backend()
            );
        }
        db.users()
            .create(&NewUser::new("Ägidius", "aegidius@example.com"))
            .await?;
        let found: i64 = sqlx::query_scalar("SELECT count(*) FROM users WHERE name LIKE 'äG%'")
            .fetch_one(db.pool())
            .await?;
        assert_eq!(found, 1);
        Ok(())
    }
}

/// Failures that are known. They run, so that nobody misses it when they are gone.
#[integration(markers(integration))]
mod expected_failures {
    use super::*;

    /// `strict`: when this passes, it fails, and the attribute can go.
    #[integration]
    #[xfail(
        reason = "the rule for e-mail addresses allows spaces, the schema does not",
        strict
    )]
    async fn an_address_has_no_spaces(db: &Database) {
        let user = NewUser::new("test", "some body@example.com");
        assert!(db.users().create(&user).await.is_err());
    }

    /// `run = false`: for what would do harm, such as wait for itself.
    #[integration]
    #[xfail(
        reason = "a database in memory has one connection, and the transaction has it",
        run = false
    )]
    async fn memory_can_be_read_during_a_transaction() -> Result {
        let db = Database::in_memory().await?;
        let tx = db.begin().await?;
        assert_eq!(db.users().count().await?, 0);
        tx.commit().await?;
        Ok(())
    }

    /// `xfail!`: expected under circumstances that only the test knows.
    #[integration]
    async fn names_sort_as_people_expect(db: &Database) -> Result {
        let mut names: Vec<String> =
            sqlx::query_scalar("SELECT column1 FROM (VALUES ('Zoe'), ('Ägidius')) ORDER BY 1")
                .fetch_all(db.pool())
                .await?;
        if names.remove(0) == "Zoe" {
            itest::xfail!("{:?} sorts by code point here", db.backend());
        }
        Ok(())
    }
}

/// libtest's own attributes mean what they always mean.
#[integration(markers(integration))]
mod as_in_libtest {
    use super::*;

    #[integration]
    #[should_panic(expected = "no_such_file.json")]
    fn a_missing_file_is_named() {
        let _: Dataset = itest::data!("tests/data/no_such_file.json");
    }

    #[integration]
    #[ignore = "imports a hundred thousand users: run it with `--ignored`"]
    async fn a_large_import_is_one_transaction(db: &Database) -> Result {
        let mut csv = String::from("name,email,location,resource,value\n");
        for n in 1..=100_000 {
            csv += &format!("User {n},user{n}@example.com,,,\n");
        }
        // The last record is refused when all others are written.
        let taken = NewUser::new("Somebody", "user100000@example.com");
        let taken = db.users().create(&taken).await?;

        let error = pipeline::run(db, Source::csv("large.csv", csv))
            .await
            .unwrap_err();

        assert_eq!(error.stage(), Stage::Writer, "{}", chain(&error));
        assert_eq!(db.users().all().await?, [taken]);
        Ok(())
    }
}
