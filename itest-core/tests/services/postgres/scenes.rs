//! Runs that others start: see `errors` and `ends`.

use itest::prelude::*;
use itest::service::postgres::Migrations;
use itest::service::{PgDatabase, Postgres};

use super::sql;

/// Several tests that need a database and nothing else.
macro_rules! need_a_database {
    ($($name:ident)*) => { $(
        #[integration]
        #[ignore = "a scene"]
        async fn $name(pg_database: &PgDatabase) {
            assert_eq!(sql(pg_database.url(), "SELECT 1"), "1");
        }
    )* };
}

mod plain {
    use super::*;
    need_a_database!(one two three four);
}

mod migrated {
    use super::*;

    /// Those of a directory that the environment names.
    #[fixture(scope = "session")]
    fn pg_migrations() -> Migrations {
        Migrations::directory(std::env::var("SCENE_DIRECTORY").unwrap())
    }

    need_a_database!(one two three four);
}

mod other_version {
    use super::*;

    #[fixture(scope = "session")]
    async fn postgres() -> Result<Postgres> {
        Ok(Postgres::builder().version("1.0").start().await?)
    }

    need_a_database!(one two three);
}

mod fixed_port {
    use super::*;

    #[fixture(scope = "session")]
    async fn postgres() -> Result<Postgres> {
        let port = std::env::var("SCENE_PORT")?.parse()?;
        Ok(Postgres::builder().port(port).start().await?)
    }

    need_a_database!(one two);
}

mod wrong_setting {
    use super::*;

    #[fixture(scope = "session")]
    async fn postgres() -> Result<Postgres> {
        let builder = Postgres::builder().setting("no_such_setting", "1");
        Ok(builder.start().await?)
    }

    need_a_database!(one two);
}

/// The first test kills the server that all use.
mod killed {
    use super::*;

    #[integration]
    #[ignore = "a scene"]
    async fn a_kills_it(postgres: &Postgres, _pg_database: &PgDatabase) {
        let file = postgres.socket_dir().unwrap().join("data/postmaster.pid");
        let text = std::fs::read_to_string(file).unwrap();
        let pid = text.lines().next().unwrap();
        let kill = std::process::Command::new("kill")
            .args(["-KILL", pid])
            .status();
        assert!(kill.unwrap().success());
    }

    need_a_database!(one two three four);
}

/// Says where the server is, and waits to be killed.
mod waits {
    use super::*;

    #[integration]
    #[ignore = "a scene"]
    async fn for_its_end(pg_database: &PgDatabase, postgres: &Postgres) {
        let place = std::env::var("SCENE_DIRECTORY").unwrap();
        let text = format!(
            "{}\n{}",
            postgres.socket_dir().unwrap().display(),
            pg_database.url()
        );
        std::fs::write(format!("{place}/partial"), text).unwrap();
        std::fs::rename(format!("{place}/partial"), format!("{place}/server")).unwrap();
        std::future::pending::<()>().await;
    }
}

/// Fails, and shall leave its database to look at.
mod fails {
    use super::*;

    #[integration]
    #[ignore = "a scene"]
    async fn with_a_row(pg_database: &PgDatabase) {
        sql(
            pg_database.url(),
            "CREATE TABLE evidence (id int); INSERT INTO evidence VALUES (7)",
        );
        panic!("wrong");
    }
}

mod rolls_back {
    use super::*;

    #[fixture(scope = "session")]
    fn pg_migrations() -> Migrations {
        Migrations::sql("CREATE TABLE a (id int)").and_sql("CREATE TABLE b (id int)")
    }

    macro_rules! runs {
        ($name:ident: $sql:literal) => {
            #[integration]
            #[ignore = "a scene"]
            async fn $name(pg_rollback: &PgDatabase) {
                sql(pg_rollback.url(), $sql);
            }
        };
    }

    runs!(a_rolls_back: "BEGIN; INSERT INTO a VALUES (1); ROLLBACK");
    runs!(b_commits: "BEGIN; INSERT INTO b VALUES (1); COMMIT");
    runs!(c_rolls_back: "BEGIN; DELETE FROM b; ROLLBACK");
}
