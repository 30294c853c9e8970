//! Session fixtures that do not build on each other.
mod common;

use itest::prelude::*;

use crate::common::{event, wait_for};

itest::main!();

/// Ends its setup only when the other one has started its own.
#[fixture(scope = "session")]
fn left() -> u32 {
    println!("said by left");
    event("left starts");
    common::open("left");
    wait_for("right");
    event("left up");
    provide!(1);
    event("left down");
}

#[fixture(scope = "session")]
fn right() -> u32 {
    event("right starts");
    common::open("right");
    wait_for("left");
    event("right up");
    provide!(2);
    event("right down");
}

#[fixture(scope = "session")]
fn top(left: &u32, right: &u32) -> u32 {
    event("top up");
    provide!(left + right);
    event("top down");
}

mod together {
    use super::*;

    #[integration]
    fn a_left(left: &u32) {
        assert_eq!(*left, 1);
    }

    #[integration]
    fn b_right(right: &u32) {
        assert_eq!(*right, 2);
    }

    #[integration]
    fn c_top(top: &u32) {
        assert_eq!(*top, 3);
    }
}

/// These wait for a test that needs none of them.
mod meanwhile {
    use super::*;

    #[fixture(scope = "session")]
    fn slow() -> u32 {
        wait_for("free");
        event("slow up");
        1
    }

    #[integration]
    fn a_slow(slow: &u32) {
        assert_eq!(*slow, 1);
    }

    #[integration]
    fn b_slow(slow: &u32) {
        assert_eq!(*slow, 1);
    }

    #[integration]
    fn c_free() {
        event("free ran");
        common::open("free");
    }
}

mod hanging {
    use super::*;

    /// Does not yield.
    #[fixture(scope = "session", timeout = "300ms")]
    fn hangs() -> u32 {
        println!("said before it hangs");
        event("hangs starts");
        loop {
            std::thread::park();
        }
    }

    #[fixture(scope = "session", timeout = "300ms")]
    async fn hangs_async() -> u32 {
        std::future::pending().await
    }

    #[fixture(scope = "session")]
    fn stands() -> u32 {
        event("stands up");
        provide!(5);
        event("stands down");
    }

    #[fixture(scope = "session")]
    fn on_it(stands: &u32) -> u32 {
        provide!(*stands);
        event("on_it down");
        println!("said in the teardown");
        panic!("the teardown went wrong");
    }

    #[integration]
    fn a_hangs(hangs: &u32) {
        assert_eq!(*hangs, 0);
    }

    #[integration]
    fn b_hangs(hangs: &u32, stands: &u32) {
        assert_eq!(*hangs, *stands);
    }

    #[integration]
    fn c_hangs(hangs_async: &u32) {
        assert_eq!(*hangs_async, 0);
    }

    #[integration]
    fn d_stands(on_it: &u32) {
        assert_eq!(*on_it, 5);
    }
}

/// Hangs in its teardown.
mod stuck {
    use super::*;

    #[fixture(scope = "session", timeout = "300ms")]
    fn sticks(stands: &u32) -> u32 {
        provide!(*stands);
        event("sticks");
        common::hang();
    }

    #[fixture(scope = "session")]
    fn stands() -> u32 {
        event("below up");
        provide!(5);
        event("below down");
    }

    #[integration]
    fn a_sticks(sticks: &u32) {
        assert_eq!(*sticks, 5);
    }
}
