//! `#[skip_if]` and `#[skip]` on plain tests, above and below the test attribute.

#![deny(warnings)]

use itest::prelude::*;

#[skip_if(not(env = "SURELY_NOT_SET"), reason = "above")]
#[test]
fn above() {
    #![allow(unreachable_code)]
    unreachable!();
}

#[test]
#[skip_if(not(env = "SURELY_NOT_SET"))]
fn below() {
    unreachable!();
}

#[skip_if(env = "SURELY_NOT_SET")]
#[tokio::test]
#[itest::skip(reason = "around")]
async fn around() {
    unreachable!();
}

#[tokio::test(flavor = "current_thread")]
#[skip(reason = "below")]
async fn below_tokio() -> anyhow::Result<()> {
    unreachable!();
}

#[skip]
#[cfg_attr(all(), test)]
fn conditional() -> std::result::Result<(), std::fmt::Error> {
    Err(std::fmt::Error)
}

#[skip_if(env = "SURELY_NOT_SET")]
#[test]
fn not_skipped() -> Result {
    Ok(())
}
