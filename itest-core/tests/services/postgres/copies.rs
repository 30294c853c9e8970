//! Databases of a private server, which are made from a template's files.

use std::process::Command;

use itest::prelude::*;
use itest::service::postgres::{Migrations, PgTemplate};
use itest::service::{PgDatabase, Postgres};

use super::{sql, try_sql};

/// What plain tables of the superuser do not show.
const EVERYTHING: &str = "
    CREATE ROLE itest_owner;
    CREATE TABLE owned (id serial PRIMARY KEY, name text);
    ALTER TABLE owned OWNER TO itest_owner;
    CREATE UNLOGGED TABLE unlogged AS SELECT n FROM generate_series(1, 1000) AS n;
    CREATE TABLE large AS SELECT n, repeat(md5(n::text), 10) AS text FROM generate_series(1, 9000) AS n;
    CREATE INDEX ON large (text);
    INSERT INTO owned (name) VALUES ('ada')";

const COUNTS: &str = "SELECT (SELECT count(*) FROM unlogged), (SELECT count(*) FROM large), \
                      (SELECT count(*) FROM owned), (SELECT max(text) = repeat(max(left(text, 32)), \
                      10) FROM large)";

/// A server of its own: roles are of all databases, and one test makes it crash.
#[fixture(scope = "module")]
async fn server() -> Result<Postgres> {
    Ok(Postgres::builder().private().start().await?)
}

#[fixture(scope = "module")]
async fn template(server: &Postgres) -> Result<PgTemplate> {
    Ok(server.template(&Migrations::sql(EVERYTHING)).await?)
}

#[fixture]
async fn copy(template: &PgTemplate) -> Result<PgDatabase> {
    Ok(template.create().await?)
}

#[integration]
fn has_all_that_the_template_has(copy: &PgDatabase) {
    assert_eq!(sql(copy.url(), COUNTS), "1000|9000|1|t");
    let insert = "INSERT INTO owned (name) VALUES ('grace') RETURNING id";
    assert_eq!(sql(copy.url(), insert), "2");
    let indexed =
        "SET enable_seqscan = off; SELECT n FROM large WHERE text = repeat(md5('77'), 10)";
    assert_eq!(sql(copy.url(), indexed), "77");
    let ddl = "CREATE TABLE more (); ALTER TABLE owned ADD COLUMN age int; VACUUM owned";
    for statement in ddl.split("; ") {
        sql(copy.url(), statement);
    }
    // The server knows what in it belongs to whom.
    let error = try_sql(copy.url(), "DROP ROLE itest_owner").unwrap_err();
    assert!(error.contains("owner of table owned"), "{error}");
    let row = "SELECT datistemplate, datallowconn, datacl IS NULL FROM pg_database \
               WHERE datname = current_database()";
    assert_eq!(sql(copy.url(), row), "f|t|t");
}

#[integration]
fn is_made_of_files(copy: &PgDatabase, server: &Postgres) {
    let number = "SELECT oid FROM pg_database WHERE datname = current_database()";
    let number = sql(copy.url(), number);
    let base = server.socket_dir().unwrap().join("data/base");
    let files = base.join(number).read_dir().unwrap();
    let names = files.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let maps: Vec<_> = names.filter(|name| name.ends_with("_vm")).collect();
    // Those of tables that `initdb` made; `CREATE DATABASE` copies them too.
    assert!(!maps.contains(&"1259_vm".to_owned()), "{maps:?}");
}

/// The server starts again by itself, and finds what was committed.
#[integration(serial)]
fn outlives_a_crash_of_the_server(copy: &PgDatabase, server: &Postgres) -> Result {
    sql(copy.url(), "INSERT INTO owned (name) VALUES ('grace')");
    // Committed to the log, which holds for all before it.
    let delete = "SET synchronous_commit = on; DELETE FROM large WHERE n > 100";
    sql(copy.url(), delete);
    let victim = "SELECT pid FROM pg_stat_activity WHERE backend_type = 'walwriter'";
    let victim = sql(server.url(), victim);
    Command::new("kill").args(["-KILL", &victim]).status()?;
    let rows = "SELECT (SELECT count(*) FROM owned), (SELECT count(*) FROM large)";
    let start = std::time::Instant::now();
    loop {
        match try_sql(copy.url(), rows) {
            // It may not have noticed yet.
            Ok(rows) if server.log().is_some_and(|log| log.contains("redo done")) => {
                assert_eq!(rows, "2|100");
                return Ok(());
            }
            other => assert!(start.elapsed().as_secs() < 60, "{other:?}"),
        }
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
}

/// Where the server might write to the template's files itself, it copies them itself.
#[integration]
async fn a_server_with_autovacuum_makes_them() -> Result {
    let builder = Postgres::builder().private().setting("autovacuum", "on");
    let server = builder.start().await?;
    let template = server
        .template(&Migrations::sql("CREATE TABLE t ()"))
        .await?;
    let copy = template.create().await?;
    assert_eq!(sql(copy.url(), "SELECT count(*) FROM t"), "0");
    server.stop().await?;
    Ok(())
}

/// A table elsewhere than all others.
#[integration]
async fn a_template_in_two_places_is_copied_whole() -> Result {
    let server = Postgres::builder().private().start().await?;
    let place = server.socket_dir().unwrap().join("elsewhere");
    std::fs::create_dir(&place)?;
    let data = server.socket_dir().unwrap().join("data");
    Command::new("chown")
        .arg("--reference")
        .args([&data, &place])
        .status()?;
    let tablespace = format!("CREATE TABLESPACE elsewhere LOCATION '{}'", place.display());
    sql(server.url(), &tablespace);
    let table = "CREATE TABLE t TABLESPACE elsewhere AS SELECT 1 AS n";
    let template = server.template(&Migrations::sql(table)).await?;
    let copy = template.create().await?;
    assert_eq!(sql(copy.url(), "SELECT n FROM t"), "1");
    server.stop().await?;
    Ok(())
}

/// What is of all databases is not there in the next run: its migrations would find it.
#[integration]
async fn roles_do_not_outlive_the_server() -> Result {
    // Each is other migrations.
    for text in [
        "CREATE ROLE itest_again",
        "CREATE ROLE itest_again; CREATE TABLE t ()",
    ] {
        let server = Postgres::builder().private().start().await?;
        server.template(&Migrations::sql(text)).await?;
        server.stop().await?;
    }
    Ok(())
}
