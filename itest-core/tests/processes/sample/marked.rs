//! Tests with markers, and of different lengths as far as the history tells.

use itest::prelude::*;

itest::main!();

itest::markers!(integration);

macro_rules! tests {
    ($($name:ident)*) => {
        $(#[integration] fn $name() {})*
    };
}

tests! { a00 a01 a02 a03 a04 a05 a06 a07 a08 a09 a10 a11 a12 a13 a14 a15 a16 a17 a18 a19 }

#[integration(markers(external, load(level = 3)))]
mod group {
    use itest::prelude::*;

    #[integration]
    fn asks() {}

    #[integration]
    fn fails_if_told() {
        assert!(std::env::var_os("SAMPLE_FAILS").is_none());
    }

    #[integration]
    #[ignore]
    fn ignored() {}
}
