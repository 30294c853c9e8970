//! Worker processes and the session host: user code runs in processes that can be lost.
//!
//! The dispatcher starts the test binary again for each; what they do is in `child`, what the
//! dispatcher does with them in `crew`, and the bytes between in `protocol`.

mod child;
mod crew;
#[expect(clippy::module_inception, reason = "the main noun of the module")]
mod process;
pub(crate) mod protocol;

pub(super) use child::child_if_asked;
pub(super) use crew::Processes;
