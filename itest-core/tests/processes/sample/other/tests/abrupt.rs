//! Code before `main` that gets in the way.

use itest::prelude::*;

itest::main!();

extern "C" fn before_main() {
    println!("{{ noise before main\n{{");
    if std::env::var_os("SAMPLE_ABORTS").is_some() {
        eprintln!("what went wrong");
        std::process::abort();
    }
}

#[used]
#[unsafe(link_section = ".init_array")]
static BEFORE_MAIN: extern "C" fn() = before_main;

#[integration]
fn of_abrupt() {}
