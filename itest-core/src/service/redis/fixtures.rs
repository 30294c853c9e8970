//! The built-in fixtures, declared like anybody's.

use super::{Error, Redis, RedisDatabase};
use crate::fixture;

/// A Redis server for the whole run.
#[fixture(scope = "session")]
pub async fn redis() -> Result<Redis, Error> {
    Redis::builder().start().await
}

/// A numbered database of `redis`, empty and this test's alone.
#[fixture]
pub async fn redis_database(redis: &Redis) -> Result<RedisDatabase, Error> {
    redis.database().await
}

/// See [`crate::service::link`].
pub(crate) fn link() {
    std::hint::black_box([redis().def(), redis_database().def()]);
}
