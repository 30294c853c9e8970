//! A database for each test, copied from a template that was migrated once.

use itest::prelude::*;
use itest::service::postgres::{Migrations, PgTemplate};
use itest::service::{PgDatabase, Postgres};

use super::{sql, try_sql};

/// Overrides the built-in one.
#[fixture(scope = "session")]
fn pg_migrations() -> Migrations {
    Migrations::sql("CREATE TABLE users (id serial PRIMARY KEY, name text NOT NULL UNIQUE)")
        .and_sql("INSERT INTO users (name) VALUES ('ada')")
}

/// The same several times, at once or one after the other: each has the table for itself.
macro_rules! alone {
    ($($name:ident)*) => { $(
        #[integration]
        async fn $name(pg_database: &PgDatabase) {
            let insert = "INSERT INTO users (name) VALUES ('grace') RETURNING id";
            assert_eq!(sql(pg_database.url(), insert), "2");
            let drop = "DROP TABLE users; SELECT count(*) FROM pg_tables WHERE tablename = 'users'";
            assert_eq!(sql(pg_database.url(), drop), "0");
            assert!(pg_database.name().ends_with(stringify!($name)), "{}", pg_database.name());
        }
    )* };
}

alone!(the_first_is_alone the_second_is_alone the_third_is_alone the_fourth_is_alone);

#[integration]
async fn a_template_is_closed_and_reused(
    pg_template: &PgTemplate,
    postgres: &Postgres,
    pg_migrations: &Migrations,
) -> Result {
    assert!(pg_template.name().starts_with("itest_template_"));
    let error = try_sql(&postgres.url_for(pg_template.name()), "SELECT 1").unwrap_err();
    assert!(
        error.contains("not currently accepting connections"),
        "{error}"
    );
    let again = postgres.template(pg_migrations).await?;
    assert_eq!(again.name(), pg_template.name());
    let other = Migrations::sql("SELECT 1");
    assert_ne!(postgres.template(&other).await?.name(), pg_template.name());
    Ok(())
}

#[integration]
async fn a_shared_one_is_read_only(pg_read_only: &PgDatabase) {
    assert_eq!(sql(pg_read_only.url(), "SELECT name FROM users"), "ada");
    let error = try_sql(pg_read_only.url(), "DELETE FROM users").unwrap_err();
    assert!(error.contains("read-only transaction"), "{error}");
}

#[integration]
async fn code_can_make_a_template(postgres: &Postgres) -> Result {
    let migrate = async |url: &str| -> Result {
        sql(url, "CREATE TABLE made_by_code ()");
        Ok(())
    };
    let template = postgres.template_by(&["Cargo.toml"], migrate).await?;
    let database = template.create().await?;
    assert_eq!(
        sql(database.url(), "SELECT count(*) FROM made_by_code"),
        "0"
    );
    // It is there now, so its function does not run.
    let never = async |_: &str| -> Result { Err("it ran".into()) };
    let again = postgres.template_by(&["Cargo.toml"], never).await?;
    assert_eq!(again.name(), template.name());
    Ok(())
}

#[integration]
async fn a_failed_template_leaves_nothing(postgres: &Postgres) {
    let fails = async |_: &str| -> Result { Err("no".into()) };
    let error = postgres
        .template_by(&["src/lib.rs"], fails)
        .await
        .unwrap_err();
    assert!(format!("{error:?}").contains("caused by: no"), "{error:?}");
    let open = "SELECT count(*) FROM pg_database WHERE datname LIKE 'itest_template%' \
                AND NOT datistemplate";
    // Another test may make one of its own at this moment, but not for long.
    let mut left = (0..1000).map(|_| sql(postgres.url(), open));
    assert!(left.any(|count| count == "0"));
}
