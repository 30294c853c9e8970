//! Real servers: PostgreSQL, Redis, and whatever runs in a container.
//!
//! The fixtures `postgres` and `redis` are itest's own: a server of the environment, or one that is
//! installed, started for the run. Where there is none the tests are skipped, and the reason says
//! what to do.

use itest::prelude::*;

mod postgres_server {
    use super::*;
    use itest::service::PgDatabase;
    use itest::service::postgres::{PgTemplate, Postgres};
    use itest_examples::Error;
    use itest_examples::database::{Backend, Database};
    use itest_examples::model::{NewUser, User};
    use reqwest::StatusCode;
    use serde_json::json;

    use crate::common::ApiClient;

    /// Overrides the built-in one, which would be empty: migrated as the application does it, once
    /// for each change of the migrations.
    #[fixture(scope = "session", timeout = "60s")]
    async fn pg_template(postgres: &Postgres) -> Result<PgTemplate> {
        let migrate = async |url: &str| -> Result {
            let db = Database::connect(url).await?;
            db.migrate().await?;
            db.close().await;
            Ok(())
        };
        Ok(postgres
            .template_by(&["migrations/postgres"], migrate)
            .await?)
    }

    /// Overrides `db`: in this module the whole application runs on PostgreSQL.
    #[fixture(timeout = "30s")]
    async fn db(pg_database: &PgDatabase) -> Result<Database> {
        let db = provide!(Database::connect(pg_database.url()).await?);
        db.close().await;
    }

    #[integration(markers(integration, containers), timeout = "30s")]
    mod on_postgres {
        use super::*;

        #[integration]
        async fn the_api_works_as_on_sqlite(client: &ApiClient, db: &Database) -> Result {
            assert_eq!(db.backend(), Backend::Postgres);
            let ada = json!({"name": "Ada", "email": "ada@example.com"});
            let response = client.post("/api/users", &ada).await?;
            assert_eq!(response.status(), StatusCode::CREATED);
            let created: User = response.json().await?;
            let shown: User = client.fetch(&format!("/api/users/{}", created.id)).await?;
            assert_eq!(shown, created);
            Ok(())
        }

        #[integration]
        async fn every_test_has_its_own_database(db: &Database) -> Result {
            let user = db
                .users()
                .create(&NewUser::new("test", "ada@example.com"))
                .await?;
            assert_eq!(user.id, 1);
            Ok(())
        }

        /// Here two can write at a time: one waits for the other's commit, and is refused.
        #[integration]
        async fn of_two_writers_one_wins(db: &Database) -> Result {
            let user = NewUser::new("test", "test@example.com");
            let (one, other) = tokio::join!(db.users().create(&user), db.users().create(&user));
            let refused = [one, other].into_iter().find_map(|outcome| outcome.err());
            assert!(matches!(refused, Some(Error::Conflict(_))), "{refused:?}");
            assert_eq!(db.users().count().await?, 1);
            Ok(())
        }
    }
}

/// Redis, with a numbered database for each test.
#[integration(markers(integration, containers), timeout = "30s")]
mod redis_server {
    use super::*;
    use itest::service::{Redis, RedisDatabase};
    use redis::AsyncCommands;
    use redis::aio::MultiplexedConnection;

    async fn connect(url: &str) -> Result<MultiplexedConnection> {
        let client = redis::Client::open(url)?;
        Ok(client.get_multiplexed_async_connection().await?)
    }

    /// A connection to the test's own database. `&mut` says that nobody else uses it meanwhile.
    #[fixture]
    async fn cache(redis_database: &RedisDatabase) -> Result<MultiplexedConnection> {
        connect(redis_database.url()).await
    }

    #[integration]
    async fn what_is_set_can_be_got(cache: &mut MultiplexedConnection) -> Result {
        let (): () = cache.set("key", "with spaces\r\nand lines").await?;
        let value: String = cache.get("key").await?;
        assert_eq!(value, "with spaces\r\nand lines");
        Ok(())
    }

    /// The same key as above, and nobody else's value in it.
    #[integration]
    async fn every_test_has_its_own_keys(cache: &mut MultiplexedConnection) -> Result {
        let before: Option<String> = cache.get("key").await?;
        assert_eq!(before, None);
        let count: i64 = cache.incr("visits", 1).await?;
        assert_eq!(count, 1);
        Ok(())
    }

    /// One server for the whole run; where a test needs the server itself, it asks for it.
    #[integration]
    async fn the_server_is_shared(redis: &Redis, redis_database: &RedisDatabase) -> Result {
        assert_ne!(redis_database.number(), 0);
        let mut server = connect(redis.url()).await?;
        let pong: String = redis::cmd("PING").query_async(&mut server).await?;
        assert_eq!(pong, "PONG");
        Ok(())
    }
}

/// Anything else is a container of some image.
#[integration(markers(integration, containers), timeout = "1m")]
mod any_container {
    use super::*;
    use std::process::Command;

    use itest::service::{Container, Wait, container, container_engine};

    /// Of this machine's own files, so that no registry is asked for it. Built once for the run.
    #[fixture(scope = "session", timeout = "2m")]
    #[skip_if(
        not(all(command = "redis-server", command = "busybox")),
        reason = "install `redis-server` and `busybox-static` to make an image of them"
    )]
    async fn image() -> Result<String> {
        let script = itest::data::path("tests/data/containers/build-redis-image.sh");
        let built = Command::new(script)
            .arg(container_engine().await)
            .output()?;
        assert!(built.status.success(), "{built:?}");
        Ok("itest/redis:local".to_owned())
    }

    /// The process that has the session's fixtures owns it: one for all test processes.
    #[fixture(scope = "session", timeout = "1m")]
    async fn redis_container(image: &String) -> Result<Container> {
        let redis = container(image)
            .port(6379)
            .wait_for(Wait::log("Ready to accept connections"));
        Ok(redis.start().await?)
    }

    #[integration]
    async fn it_is_reached_from_here(redis_container: &Container) -> Result {
        let url = format!("redis://{}", redis_container.address(6379));
        let client = redis::Client::open(url)?;
        let mut connection = client.get_multiplexed_async_connection().await?;
        let pong: String = redis::cmd("PING").query_async(&mut connection).await?;
        assert_eq!(pong, "PONG");
        Ok(())
    }

    #[integration]
    async fn commands_run_in_it(redis_container: &Container) -> Result {
        let files = redis_container.exec(["busybox", "ls", "/data"]).await?;
        assert_eq!(files, "", "nothing is persisted");
        assert!(redis_container.logs().await?.contains("Server initialized"));
        Ok(())
    }
}
