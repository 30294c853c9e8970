//! Tests that print.
mod common;

use std::process::Command;

use itest::prelude::*;

itest::main!();

#[integration]
fn passes() {
    println!("a secret");
}

/// Prints, and goes on only when somebody has seen it.
#[integration]
fn streams() {
    println!("streaming");
    common::wait_for("gate");
}

/// Each line by another way.
#[integration]
fn fails_in_many_ways() {
    println!("line 1");
    eprintln!("line 2");
    let status = Command::new("sh")
        .args(["-c", "echo line 3; echo line 4 >&2"])
        .status();
    assert!(status.unwrap().success());
    std::thread::spawn(|| println!("line 5")).join().unwrap();
    unsafe {
        libc::puts(c"line 6".as_ptr());
        libc::fflush(std::ptr::null_mut());
    }
    print!("line 7");
    panic!("line 8");
}

macro_rules! noisy {
    ($($name:ident)*) => { $(
        #[integration]
        fn $name() {
            for line in 0..1000 {
                println!("{} line {line} out", stringify!($name));
                eprintln!("{} line {line} err", stringify!($name));
            }
            panic!("{} fails", stringify!($name));
        }
    )* };
}

mod noisy {
    use itest::prelude::*;
    noisy! { t00 t01 t02 t03 t04 t05 t06 t07 t08 t09 t10 t11 t12 t13 t14 t15 }
}

/// Fixtures of tests' own, and each way of them to end.
mod own {
    use itest::prelude::*;

    #[fixture]
    fn first() -> u32 {
        println!("first up");
        provide!(1);
        println!("first down");
    }

    #[fixture]
    fn second(first: &u32) -> u32 {
        println!("second up");
        first + 1
    }

    #[integration]
    fn good(second: &u32) {
        assert_eq!(*second, 2);
        println!("good runs");
    }

    #[fixture]
    fn errs(first: &u32) -> std::result::Result<u32, String> {
        println!("errs up");
        Err(format!("no second for {first}"))
    }

    #[integration]
    fn setup_errs(_errs: &u32) {}

    #[fixture]
    fn skips(first: &u32) -> u32 {
        itest::skip!("not with {first}")
    }

    #[integration]
    fn setup_skips(_skips: &u32) {}

    #[fixture]
    fn errs_late(first: &u32) -> u32 {
        provide!(*first);
        println!("errs late");
        panic!("torn");
    }

    #[integration]
    fn teardown_errs(_errs_late: &u32) {}

    #[fixture]
    fn dies(first: &u32) -> u32 {
        println!("dies after {first}");
        std::process::abort()
    }

    #[integration]
    fn setup_dies(_dies: &u32) {}

    #[fixture(timeout = "200ms")]
    fn hangs(first: &u32) -> u32 {
        println!("hangs after {first}");
        loop {
            std::hint::spin_loop();
        }
    }

    #[integration]
    fn setup_hangs(_hangs: &u32) {}
}
