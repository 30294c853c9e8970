//! Worker processes: tests run in processes that can be lost.
//!
//! The dispatcher starts the test binary again for each; what they do is in `child`, what the
//! dispatcher does with them in `crew`, and the bytes between in `protocol`.

mod child;
mod crew;
mod memory;
#[expect(clippy::module_inception, reason = "the main noun of the module")]
mod process;
pub(crate) mod protocol;
mod session;

pub(super) use child::child_if_asked;
pub(crate) use child::{end_group, flush_c, take_stdin};
pub(super) use crew::Processes;
pub(crate) use process::{ended_how, kill_group, wait_for_end};
