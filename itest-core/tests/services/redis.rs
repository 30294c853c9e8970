//! A private Redis server, and a numbered database for each test.

use std::collections::HashSet;
use std::process::Command;

use itest::prelude::*;
use itest::service::{Redis, RedisDatabase};

use crate::scene::Scene;

/// What the client on the command line gets for its words.
#[track_caller]
fn cli(url: &str, words: &[&str]) -> String {
    let mut client = Command::new("redis-cli");
    let output = client
        .args(["--no-auth-warning", "-u", url])
        .args(words)
        .output()
        .expect("the client should start");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// Each has a database for itself, at once or one after the other.
macro_rules! alone {
    ($($name:ident)*) => { $(
        #[integration]
        async fn $name(redis_database: &RedisDatabase) {
            let url = redis_database.url();
            assert_eq!(cli(url, &["DBSIZE"]), "0");
            assert_eq!(cli(url, &["INCR", "count"]), "1");
            assert_eq!(cli(url, &["DBSIZE"]), "1");
        }
    )* };
}

#[integration]
#[skip_if(not(command = "redis-cli"), reason = "install `redis-tools`")]
mod databases {
    use super::*;

    alone!(the_first_is_alone the_second_is_alone the_third_is_alone the_fourth_is_alone);

    #[integration]
    async fn the_server_wants_a_password(redis: &Redis) {
        assert_eq!(cli(redis.url(), &["PING"]), "PONG");
        let (_, place) = redis.url().split_once('@').expect("the URL has a login");
        let answer = cli(&format!("redis://{place}"), &["PING"]);
        assert!(answer.contains("NOAUTH"), "{answer}");
        let log = redis.log().await.expect("it is ours");
        assert!(log.contains("Ready to accept connections"), "{log}");
    }

    #[integration(flavor = "multi_thread")]
    async fn many_at_once_are_all_different(redis: &Redis) -> Result {
        let mut taking = tokio::task::JoinSet::new();
        for _ in 0..40 {
            let redis = redis.clone();
            taking.spawn(async move { redis.database().await });
        }
        let mut databases = Vec::new();
        while let Some(taken) = taking.join_next().await {
            databases.push(taken??);
        }
        let numbers: HashSet<u32> = databases.iter().map(RedisDatabase::number).collect();
        assert_eq!(numbers.len(), 40);
        Ok(())
    }

    #[integration]
    async fn one_that_was_used_is_empty_when_it_comes_back() -> Result {
        // A server of its own: nobody else takes the number.
        let redis = Redis::builder().private().start().await?;
        let first = redis.database().await?;
        cli(first.url(), &["SET", "left", "behind"]);
        let (number, url) = (first.number(), first.url().to_owned());
        drop(first);
        assert_eq!(cli(&url, &["DBSIZE"]), "0");
        assert_eq!(redis.database().await?.number(), number);
        redis.stop().await?;
        Ok(())
    }

    #[integration]
    async fn settings_reach_the_server() -> Result {
        let redis = Redis::builder()
            .setting("maxmemory", "10mb")
            .start()
            .await?;
        let answer = cli(redis.url(), &["CONFIG", "GET", "maxmemory"]);
        assert!(answer.contains("10485760"), "{answer}");
        redis.stop().await?;
        Ok(())
    }

    #[integration]
    async fn a_wrong_setting_is_told() {
        let outcome = Redis::builder()
            .setting("maxmemory", "a lot")
            .try_start()
            .await;
        let error = format!("{:?}", outcome.expect_err("the server refuses it"));
        assert!(error.contains("Redis did not start"), "{error}");
        assert!(error.contains("maxmemory"), "{error}");
    }

    /// A server that is not ours, with somebody's data in database 1.
    #[integration]
    async fn data_that_is_not_of_tests_stays() -> Result {
        let server = Redis::builder().private().start().await?;
        let (base, _) = server.url().rsplit_once('/').expect("a path");
        let theirs = format!("{base}/1");
        cli(&theirs, &["SET", "precious", "yes"]);

        Scene::of("redis::scenes::database")
            .env("ITEST_REDIS_URL", server.url())
            .run()
            .ended_with(0)
            .says("test result: ok. 1 passed");
        Scene::of("redis::scenes::dies")
            .env("ITEST_REDIS_URL", server.url())
            .run()
            .ended_with(101)
            .says("killed by signal 6");

        assert_eq!(cli(&theirs, &["GET", "precious"]), "yes");
        // What the test that died has left is found by the next one, and removed.
        let left = format!("{base}/2");
        assert_eq!(cli(&left, &["GET", "left"]), "behind");
        Scene::of("redis::scenes::database")
            .env("ITEST_REDIS_URL", server.url())
            .run()
            .ended_with(0);
        assert_eq!(cli(&left, &["DBSIZE"]), "0");
        assert_eq!(cli(server.url(), &["HLEN", "itest:databases"]), "0");
        server.stop().await?;
        Ok(())
    }

    /// The reaper's work.
    #[integration]
    async fn a_server_goes_with_its_process() {
        let ended = Scene::of("redis::scenes::starts_one_and_dies").run();
        ended.ended_with(101);
        let url = ended
            .text
            .split_whitespace()
            .find(|word| word.starts_with("redis://"));
        let url = url.expect("it printed the URL").to_owned();
        // It is cleaned before the run goes on; and if not, this is bounded.
        let gone = (0..600).any(|_| {
            let answer = cli(&url, &["PING"]);
            answer != "PONG"
        });
        assert!(gone, "{url} still answers");
    }
}

#[integration]
fn nothing_there_is_a_skip_that_tells_what_was_tried() {
    let nothing = || Scene::of("redis::scenes::database").env("PATH", "/nowhere");
    nothing()
        .run()
        .ended_with(0)
        .says("no Redis here: ITEST_REDIS_URL is not set; no `redis-server` or `valkey-server`")
        .says("no `docker` or `podman` on PATH")
        .says("`apt-get install redis-server`");
    nothing()
        .arg("--require=redis")
        .run()
        .ended_with(101)
        .says("no Redis here");
}

#[integration]
fn what_cannot_be_used_is_told_once() {
    let of = |url: &str| Scene::of("redis::scenes").env("ITEST_REDIS_URL", url).run();
    of("redis://cache.prod.example.com/0")
        .ended_with(101)
        .says_once("ITEST_REDIS_URL looks like production");
    of("rediss://127.0.0.1:1/0")
        .ended_with(101)
        .says_once("expected `redis://user:password@host:port/…`");
    of("redis://127.0.0.1:1/0")
        .ended_with(101)
        .says_once("cannot connect to 127.0.0.1:1");
    Scene::of("redis::scenes::database")
        .env("ITEST_REDIS_BIN", "/nowhere/redis-server")
        .run()
        .ended_with(101)
        .says_once("ITEST_REDIS_BIN is set, but `/nowhere/redis-server` is not a program");
}

mod scenes {
    use super::*;

    #[integration]
    #[ignore = "a scene"]
    async fn database(redis_database: &RedisDatabase) {
        cli(redis_database.url(), &["SET", "mine", "1"]);
    }

    #[integration]
    #[ignore = "a scene"]
    async fn dies(redis_database: &RedisDatabase) {
        cli(redis_database.url(), &["SET", "left", "behind"]);
        std::process::abort();
    }

    #[integration]
    #[ignore = "a scene"]
    async fn starts_one_and_dies() -> Result {
        // Where the environment names one, there is nothing to start.
        if std::env::var_os("ITEST_REDIS_URL").is_none() {
            let redis = Redis::builder().start().await?;
            println!("{}", redis.url());
            std::process::abort();
        }
        Ok(())
    }
}
