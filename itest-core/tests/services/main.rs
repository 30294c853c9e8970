//! Services from outside: real servers, started by the built-in fixtures.
//!
//! Without the server's binaries the tests are skipped, with the reason that users see.

mod postgres;

itest::main!();
