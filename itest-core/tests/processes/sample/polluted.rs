//! Five hundred tests, some of which leave something behind that makes others fail.

use std::sync::atomic::{AtomicBool, Ordering};

itest::main!();

/// What the test behind it sees that was left by one test, and by two others.
static LEFT: [AtomicBool; 3] = [const { AtomicBool::new(false) }; 3];

fn visit(module: &str, test: &str) {
    for (left, name) in LEFT.iter().zip(["m7::t31", "m2::t05", "m9::t49"]) {
        if format!("{module}::{test}").ends_with(name) {
            left.store(true, Ordering::Relaxed);
        }
    }
}

fn is_left(number: usize) -> bool {
    LEFT[number].load(Ordering::Relaxed)
}

/// Comes before all others, in this order.
mod first {
    use itest::prelude::*;

    #[integration]
    fn fails_if_it_is_later() {
        assert!(!crate::is_left(0), "something is there");
    }
}

macro_rules! modules {
    ($($module:ident)*) => {
        $(mod $module {
            use itest::prelude::*;
            tests! {
                t00 t01 t02 t03 t04 t05 t06 t07 t08 t09
                t10 t11 t12 t13 t14 t15 t16 t17 t18 t19
                t20 t21 t22 t23 t24 t25 t26 t27 t28 t29
                t30 t31 t32 t33 t34 t35 t36 t37 t38 t39
                t40 t41 t42 t43 t44 t45 t46 t47 t48 t49
            }
        })*
    };
}

macro_rules! tests {
    ($($name:ident)*) => {
        $(#[integration]
        fn $name() {
            crate::visit(module_path!(), stringify!($name));
        })*
    };
}

modules! { m0 m1 m2 m3 m4 m5 m6 m7 m8 m9 }

mod victims {
    use itest::prelude::*;

    #[integration]
    fn of_one() {
        assert!(!crate::is_left(0), "something is there");
    }

    #[integration]
    fn of_two() {
        let both = crate::is_left(1) && crate::is_left(2);
        assert!(!both, "two things are there");
    }

    #[integration]
    fn of_itself() {
        assert!(std::env::var_os("SAMPLE_FAILS").is_none(), "it is told to");
    }

    #[integration]
    fn of_nobody() {}

    #[integration]
    #[ignore]
    fn ignored() {}

    /// When the file says so.
    #[integration]
    fn of_chance() {
        let Some(directory) = std::env::var_os("SAMPLE_CHANCE") else {
            return;
        };
        let directory = std::path::Path::new(&directory);
        let times = std::fs::read_to_string(directory.join("times")).unwrap_or_default();
        std::fs::write(directory.join("times"), format!("{times}.")).unwrap();
        let fails = std::fs::read_to_string(directory.join("fails")).unwrap();
        let time = times.len().to_string();
        assert!(!fails.split(',').any(|number| number == time), "it is its turn");
    }
}
