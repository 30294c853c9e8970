//! Fixtures that take their process with them, in setup and in teardown.
mod common;

use itest::prelude::*;

use crate::common::hang;

itest::main!();

mod setup {
    use super::*;

    #[fixture]
    fn aborts() -> u8 {
        println!("about to abort");
        std::process::abort()
    }

    #[fixture(timeout = "200ms")]
    fn hangs() -> u8 {
        hang();
        0
    }

    #[fixture(params("one"))]
    fn exits(#[param] name: &str) -> usize {
        std::process::exit(name.len() as i32)
    }

    #[integration]
    fn a_before() {}
    #[integration]
    fn b_aborts(_aborts: &u8) {}
    #[integration]
    fn c_between() {}
    #[integration]
    fn d_exits(_exits: &usize) {}
    #[integration]
    fn e_hangs(_hangs: &u8) {}
    #[integration]
    fn f_after() {}
}

mod own_teardown {
    use super::*;

    #[fixture]
    fn row() -> u8 {
        provide!(7);
        println!("about to exit");
        std::process::exit(0);
    }

    #[integration]
    fn a_victim(_row: &u8) {}
    #[integration]
    fn b_after() {}
}

mod body {
    use super::*;

    #[fixture]
    fn quiet() -> u8 {
        provide!(7);
    }

    #[integration]
    fn aborts(_quiet: &u8) {
        std::process::abort()
    }
}

mod wide {
    use super::*;

    mod first {
        use super::*;

        #[fixture(scope = "module")]
        fn table() -> u8 {
            provide!(7);
            println!("about to tear down the table");
            std::process::abort();
        }

        #[integration]
        fn a_user(_table: &u8) {}
    }

    mod second {
        use super::*;

        #[integration]
        fn a_innocent() {}
        #[integration]
        fn b_innocent() {}
    }
}

mod at_the_end {
    use super::*;

    #[fixture(scope = "worker")]
    fn pool() -> u8 {
        provide!(7);
        std::process::abort();
    }

    #[integration]
    fn a_user(_pool: &u8) {}
}

mod session {
    use super::*;

    #[fixture(scope = "session")]
    fn quiet_service() -> u8 {
        7
    }

    #[fixture(scope = "session")]
    fn dies_at_once(_quiet_service: &u8) -> u8 {
        println!("service dies");
        std::process::abort()
    }

    #[fixture(scope = "session")]
    fn dies_at_last(_quiet_service: &u8) -> u8 {
        provide!(7);
        std::process::abort();
    }

    #[integration]
    fn a_start(_dies_at_once: &u8) {}
    #[integration]
    fn b_end(_dies_at_last: &u8) {}
}
