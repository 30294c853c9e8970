//! [`spawn`]: threads of ours, which have names.

use std::io;
use std::thread::{Builder, JoinHandle};

/// Starts a thread; boxed, so that starting one is compiled once.
///
/// # Errors
/// When the system has none.
pub(crate) fn spawn(name: &str, life: Box<dyn FnOnce() + Send>) -> io::Result<JoinHandle<()>> {
    Builder::new().name(name.to_owned()).spawn(life)
}
