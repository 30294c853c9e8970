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
