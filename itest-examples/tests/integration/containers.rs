//! Real servers, PostgreSQL and Redis.
//!
//! The fixture `postgres` is itest's own: a server of the environment, or one that is installed,
//! started for the run. Where there is none the tests are skipped, and the reason says what to do.

use std::env;

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

mod redis_server {
    use super::*;
    use std::io::{BufRead, BufReader, Read, Write};
    use std::net::TcpStream;
    use std::time::Duration;

    // Any error type does; this one says what was tried when something failed.
    use anyhow::{Context as _, Result, bail};
    use reqwest::Url;

    /// The URL of a server.
    #[fixture(scope = "session")]
    #[skip_if(
        not(env = "ITEST_REDIS_URL"),
        reason = "set ITEST_REDIS_URL to a Redis server, such as redis://127.0.0.1:6379/1"
    )]
    fn redis_container() -> Result<String> {
        let url = env::var("ITEST_REDIS_URL")?;
        Redis::connect(&url)?.command(&["PING"])?;
        Ok(url)
    }

    /// A connection of the test's own.
    #[fixture]
    fn redis(redis_container: &String) -> Result<Redis> {
        Redis::connect(redis_container)
    }

    /// A key that nobody else has, deleted after the test.
    #[fixture]
    fn key(request: &Request, redis_container: &String) -> String {
        let key = format!("itest:{}:{}", std::process::id(), request.test_name());
        request.defer(delete(redis_container.clone(), key.clone()));
        key
    }

    async fn delete(url: String, key: String) -> Result<()> {
        Redis::connect(&url)?.command(&["DEL", &key])?;
        Ok(())
    }

    #[integration(markers(integration, containers), timeout = "10s")]
    mod on_redis {
        use super::*;

        #[integration]
        fn it_answers(redis: &mut Redis) -> Result<()> {
            assert_eq!(redis.command(&["PING"])?.as_deref(), Some("PONG"));
            Ok(())
        }

        #[integration]
        fn what_is_set_can_be_got(redis: &mut Redis, key: &String) -> Result<()> {
            assert_eq!(redis.command(&["GET", key])?, None);
            redis.command(&["SET", key, "with spaces\r\nand lines"])?;
            let value = redis.command(&["GET", key])?;
            assert_eq!(value.as_deref(), Some("with spaces\r\nand lines"));
            Ok(())
        }
    }

    /// As much of Redis's protocol as these tests speak.
    struct Redis(BufReader<TcpStream>);

    impl Redis {
        fn connect(url: &str) -> Result<Self> {
            let url: Url = url.parse()?;
            let host = url.host_str().context("ITEST_REDIS_URL names no host")?;
            let port = url.port().unwrap_or(6379);
            let stream = TcpStream::connect((host, port))
                .with_context(|| format!("cannot connect to Redis at `{host}:{port}`"))?;
            stream.set_read_timeout(Some(Duration::from_secs(5)))?;
            let mut redis = Self(BufReader::new(stream));
            match (url.username(), url.password()) {
                (_, None) => None,
                ("", Some(password)) => redis.command(&["AUTH", password])?,
                (user, Some(password)) => redis.command(&["AUTH", user, password])?,
            };
            let number = url.path().trim_start_matches('/');
            if !number.is_empty() {
                redis.command(&["SELECT", number])?;
            }
            Ok(redis)
        }

        /// Sends an array of strings; the answer is a text, a number or nothing.
        fn command(&mut self, words: &[&str]) -> Result<Option<String>> {
            let mut command = format!("*{}\r\n", words.len());
            for word in words {
                command += &format!("${}\r\n{word}\r\n", word.len());
            }
            self.0.get_mut().write_all(command.as_bytes())?;

            let mut line = String::new();
            self.0.read_line(&mut line)?;
            let line = line.trim_end();
            let (kind, rest) = line.split_at_checked(1).context("the server hung up")?;
            match kind {
                "+" | ":" => Ok(Some(rest.to_owned())),
                "$" if rest == "-1" => Ok(None),
                "$" => {
                    let length: usize = rest.parse()?;
                    let mut text = vec![0; length + "\r\n".len()];
                    self.0.read_exact(&mut text)?;
                    text.truncate(length);
                    Ok(Some(String::from_utf8(text)?))
                }
                _ => bail!("{}: {line}", words[0]),
            }
        }
    }
}
