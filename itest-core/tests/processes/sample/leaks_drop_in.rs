//! The same under libtest.
mod leaking;
