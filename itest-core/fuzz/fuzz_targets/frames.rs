//! Bytes that nobody meant, read as what each of our processes reads.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| itest::__fuzzing::frames(bytes));
