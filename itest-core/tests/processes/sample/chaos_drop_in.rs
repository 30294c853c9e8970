//! The same in drop-in mode.
mod chaotic;
mod common;
mod outside;
