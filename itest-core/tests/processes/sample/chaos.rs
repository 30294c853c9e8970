//! Tests of which one does its worst.
mod chaotic;
mod common;
mod outside;

itest::main!();
