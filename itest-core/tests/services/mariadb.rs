//! A private MariaDB server, and a database for each test.

use itest::prelude::*;
use itest::service::{MariaDb, MariaDbDatabase};

use crate::scene::{Place, Scene};

/// What every test finds in its database.
#[fixture]
async fn shop(mariadb_database: &MariaDbDatabase) -> Result<&'static str> {
    mariadb_database
        .execute("CREATE TABLE orders (id INT AUTO_INCREMENT PRIMARY KEY, what TEXT)")
        .await?;
    Ok("orders")
}

/// Each has the table for itself.
macro_rules! alone {
    ($($name:ident)*) => { $(
        #[integration(timeout = "60s", uses(shop))]
        async fn $name(mariadb_database: &MariaDbDatabase) -> Result {
            assert!(mariadb_database.name().starts_with("itest_"));
            // A key that is there already would be refused.
            mariadb_database.execute("INSERT INTO orders (id, what) VALUES (1, 'tea')").await?;
            Ok(())
        }
    )* };
}

alone!(the_first_is_alone the_second_is_alone the_third_is_alone);

#[integration]
async fn mistakes_in_sql_are_told_with_their_line(mariadb_database: &MariaDbDatabase) -> Result {
    let sql = "SELECT 1;\nSELECT 2;\nSELEKT 3;\n";
    let error = mariadb_database.execute(sql).await.unwrap_err();
    assert!(error.to_string().contains("at line 3"), "{error}");
    let file = "tests/data/seed.sql";
    let error = format!(
        "{:?}",
        mariadb_database.execute_file(file).await.unwrap_err()
    );
    assert!(
        error.contains("cannot run `tests/data/seed.sql`"),
        "{error}"
    );
    assert!(error.contains("users' doesn't exist"), "{error}");
    mariadb_database
        .execute("CREATE TABLE users (name TEXT)")
        .await?;
    mariadb_database.execute_file(file).await?;
    Ok(())
}

#[integration(timeout = "90s")]
async fn settings_reach_the_server_and_it_stops() -> Result {
    let mariadb = MariaDb::builder()
        .setting("sql-mode", "ANSI")
        .start()
        .await?;
    let database = mariadb.database().await?;
    // Only so are these quotes for names.
    database
        .execute("CREATE TABLE \"quoted\" (\"id\" INT)")
        .await?;
    drop(database);
    mariadb.stop().await?;
    Ok(())
}

#[integration(timeout = "90s")]
async fn one_that_is_named_is_used(mariadb: &MariaDb) {
    Scene::of("mariadb::scenes")
        .env("ITEST_MARIADB_URL", mariadb.url())
        .run()
        .ended_with(0);
    let refused = mariadb.url().replace("itest:", "nobody:");
    Scene::of("mariadb::scenes")
        .env("ITEST_MARIADB_URL", &refused)
        .run()
        .ended_with(101)
        .says_once("Access denied");
}

#[integration(timeout = "3m")]
#[skip_if(not(command = "mariadbd"), reason = "install `mariadb-server`")]
fn a_broken_cache_costs_one_run() -> Result {
    let place = Place::new("maria-cache");
    let run = || {
        Scene::of("mariadb::scenes")
            .env("ITEST_CACHE_DIR", place.path())
            .run()
    };
    run().ended_with(0);
    let cached = std::fs::read_dir(format!("{}/mariadb", place.path()))?
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<Vec<_>>>()?;
    let data = cached.iter().find(|path| path.is_dir());
    std::fs::write(data.ok_or("it was kept")?.join("ibdata1"), "nonsense")?;
    run()
        .ended_with(101)
        .says_once("MariaDB did not start")
        .says("ibdata1");
    run().ended_with(0);
    Ok(())
}

#[integration]
fn nothing_there_is_a_skip_that_tells_what_was_tried() {
    Scene::of("mariadb::scenes")
        .env("ITEST_MARIADB_BIN", "/nowhere/mariadbd")
        .run()
        .ended_with(101)
        .says_once("ITEST_MARIADB_BIN is set, but `/nowhere/mariadbd` is not a program");
    if !std::path::Path::new("/usr/sbin/mariadbd").exists() {
        Scene::of("mariadb::scenes")
            .env("PATH", "/nowhere")
            .run()
            .ended_with(0)
            .says("no MariaDB here: ITEST_MARIADB_URL is not set; no `mariadbd` on PATH");
    }
}

mod scenes {
    use super::*;

    #[integration]
    #[ignore = "a scene"]
    async fn has_a_database(mariadb_database: &MariaDbDatabase) -> Result {
        mariadb_database.execute("CREATE TABLE t (id INT)").await?;
        Ok(())
    }
}
