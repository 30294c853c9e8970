//! A configuration file that nobody meant.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| itest::__fuzzing::config(bytes));
