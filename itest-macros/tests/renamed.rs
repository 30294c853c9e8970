//! `crate = path`: itest under another name.

#![deny(warnings)]

mod testing {
    pub(crate) use ::itest::*;
}

/// Hides the crate, so that nothing finds it by its own name.
#[allow(dead_code)]
mod itest {}

use testing::prelude::*;

#[fixture(scope = "session", crate = crate::testing)]
async fn number() -> u8 {
    provide!(1);
}

#[fixture(crate = crate::testing)]
fn text(number: u8) -> Result<String> {
    Ok(number.to_string())
}

#[integration(crate = crate::testing, uses(text))]
#[skip_if(env = "SURELY_NOT_SET")]
async fn uses_them(number: &u8, text: String) -> Result {
    assert_eq!((*number, text.as_str()), (1, "1"));
    Ok(())
}

#[skip_if(env = "SURELY_NOT_SET", reason = "x")]
#[integration(crate = crate::testing)]
#[cfg_attr(all(), ignore)]
fn above_and_conditional() {}

#[integration(crate = crate::testing, markers(a))]
mod group {
    use crate::testing::prelude::*;

    #[integration(crate = crate::testing)]
    fn inside() {}
}

#[skip(reason = "plain", crate = crate::testing)]
#[test]
fn plain() {
    unreachable!();
}
