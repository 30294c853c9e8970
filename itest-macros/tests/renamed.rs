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

/// The instances stand in modules of their own, from where the path leads elsewhere.
mod instances {
    use crate::testing;
    use crate::testing::prelude::*;

    #[integration(crate = testing)]
    #[case(1)]
    fn by_name(#[case] one: u8, #[values(2, 3)] other: u8) {
        assert!(one < other);
    }

    #[integration(crate = self::testing)]
    fn by_self(#[values(2)] two: u8) {
        assert_eq!(two, 2);
    }

    #[integration(crate = super::testing)]
    fn by_super(#[values("3")] three: u8) {
        assert_eq!(three, 3);
    }

    #[integration(crate = crate::testing)]
    fn by_crate(#[values(4)] four: u8) {
        assert_eq!(four, 4);
    }
}
