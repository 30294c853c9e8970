//! Services from outside: real servers, started by the built-in fixtures.
//!
//! Without the server's binaries the tests are skipped, with the reason that users see. Tests in a
//! module `scenes` are `#[ignore]`d: others run them, in a process of its own, to see how a run
//! ends.

mod postgres;
mod scene;

itest::main!();
