//! The built-in fixtures, declared like anybody's.

use super::{Error, Nats, NatsPrefix};
use crate::fixture;

/// A NATS server for the whole run.
#[fixture(scope = "session")]
pub async fn nats() -> Result<Nats, Error> {
    Nats::builder().start().await
}

/// A prefix of subjects of `nats` that is this test's alone.
#[fixture]
pub fn nats_prefix(_nats: &Nats) -> NatsPrefix {
    NatsPrefix::new()
}

/// See [`crate::service::link`].
pub(crate) fn link() {
    std::hint::black_box([nats().def(), nats_prefix().def()]);
}
