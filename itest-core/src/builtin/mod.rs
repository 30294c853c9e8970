//! Fixtures that are always there. They are found by name like any other, last of all: a fixture of
//! the same name anywhere overrides them.

mod env;
mod exclusive;
#[cfg(feature = "tracing")]
mod logs;
mod output;
mod ports;
mod request;
mod tmp_dir;

pub use env::{Env, env};
#[cfg(feature = "tracing")]
pub use logs::{Level, LogEvent, Logs, logs};
pub use output::{Output, output};
pub use ports::{Port, Ports, ports};
pub use request::{IntoTeardown, Request};
pub use tmp_dir::{TmpDir, tmp_dir};

#[cfg(unix)]
pub(crate) use output::{is_captured_in, test_ended};
pub(crate) use request::{import_env, set_env};

/// Names the built-in fixtures, so that no linker leaves them out.
///
/// They are submitted to `inventory` like anybody's; what is named nowhere in a library need not
/// get into the binary.
pub(crate) fn link() {
    env::link();
    #[cfg(feature = "tracing")]
    logs::link();
    output::link();
    ports::link();
    tmp_dir::link();
}
