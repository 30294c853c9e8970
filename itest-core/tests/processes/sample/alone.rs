//! A session fixture in drop-in mode, and a test that holds the process open.
mod common;

use itest::prelude::*;

#[integration]
fn gated(server: &String) {
    assert!(server.starts_with("http://"));
    common::event("gated started");
    common::wait_for("gate");
}

#[integration]
fn aborts(server: &String) {
    assert!(server.starts_with("http://"));
    std::process::abort();
}

#[test]
fn plain() {
    assert_eq!(std::env::var_os("ITEST_RUN"), None);
}

mod broken {
    use itest::prelude::*;

    #[fixture(scope = "session")]
    fn breaks() -> Result<u32> {
        println!("said when it is set up");
        provide!(1);
        println!("said at the end");
        Err("it does not come down")?;
    }

    #[integration]
    fn uses(breaks: &u32) {
        assert_eq!(*breaks, 1);
    }
}
