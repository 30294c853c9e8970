//! Locks between libtest's threads.
mod common;
mod locked;
