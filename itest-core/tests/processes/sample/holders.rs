//! Tests that hold a lock until a gate is open.
mod common;

use itest::prelude::*;

itest::main!();

macro_rules! holders {
    ($($name:ident)*) => { $(
        #[integration(exclusive("it"))]
        fn $name() {
            common::event("holds");
            common::wait_for("gate");
        }
    )* };
}

holders! { a b }
