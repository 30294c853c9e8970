//! The same in drop-in mode.
mod common;
mod registered;
