//! Tests that hold locks; the events tell when each is inside.

use itest::prelude::*;

use crate::common::event;

/// Says that it is inside for a moment: `in LOCK MODE TEST`, `out …`.
fn inside(lock: &str, mode: &str, request: &Request) {
    let claim = format!("{lock} {mode} {}", request.test_name());
    event(&format!("in {claim}"));
    std::thread::sleep(std::time::Duration::from_millis(3));
    event(&format!("out {claim}"));
}

/// One for each worker; in drop-in mode the one of the process.
#[fixture(scope = "worker")]
fn counter() -> u32 {
    0
}

/// One for the run.
#[fixture(scope = "session")]
fn ledger() -> u32 {
    7
}

macro_rules! locked {
    ($($exclusive:ident $shared:ident $other:ident $serial:ident $free:ident $writes:ident $reads:ident $enters:ident $looks:ident)*) => { $(
        #[integration(exclusive("port"))]
        fn $exclusive(request: &Request) { inside("port", "exclusive", request) }

        #[integration(shared("port"))]
        async fn $shared(request: &Request) { inside("port", "shared", request) }

        #[integration(exclusive("file"))]
        async fn $other(request: &Request) { inside("file", "exclusive", request) }

        #[integration(serial)]
        fn $serial(request: &Request) { inside("all", "exclusive", request) }

        #[integration]
        fn $free(request: &Request) { inside("all", "shared", request) }

        #[integration]
        fn $writes(counter: &mut u32, request: &Request) {
            *counter += 1;
            inside("counter", "exclusive", request);
        }

        #[integration]
        fn $reads(counter: &u32, request: &Request) {
            let before = *counter;
            inside("counter", "shared", request);
            assert_eq!(before, *counter);
        }

        #[integration]
        fn $enters(ledger: &mut u32, request: &Request) {
            assert_eq!(*ledger, 7);
            inside("ledger", "exclusive", request);
        }

        #[integration]
        fn $looks(ledger: &u32, request: &Request) {
            assert_eq!(*ledger, 7);
            inside("ledger", "shared", request);
        }
    )* };
}

locked! {
    e0 h0 o0 s0 f0 w0 r0 l0 k0  e1 h1 o1 s1 f1 w1 r1 l1 k1
    e2 h2 o2 s2 f2 w2 r2 l2 k2  e3 h3 o3 s3 f3 w3 r3 l3 k3
    e4 h4 o4 s4 f4 w4 r4 l4 k4  e5 h5 o5 s5 f5 w5 r5 l5 k5
    e6 h6 o6 s6 f6 w6 r6 l6 k6  e7 h7 o7 s7 f7 w7 r7 l7 k7
}
