//! What `cargo itest doctor` tells: who is alive, what was left, and what to do about it.
//!
//! For the command, not for users: its types change with it. On systems other than Unix there is
//! nothing to tell.

#[cfg(unix)]
pub use crate::resource::examine::{Held, Owner, State, Swept, owners, sweep_now};

/// Errors of teardowns that ended when their run was over, as the next run will print them.
pub fn kept_errors() -> Option<String> {
    #[cfg(unix)]
    return crate::session::kept_errors();
    #[cfg(not(unix))]
    None
}
