//! Bytes that nobody meant, said to a session host.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| itest::__fuzzing::conversation(bytes));
