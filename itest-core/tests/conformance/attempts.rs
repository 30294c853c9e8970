//! Retries, time limits, `#[should_panic]`.

mod rt_51 {
    use std::sync::atomic::{AtomicU8, Ordering};

    use itest::prelude::*;

    use crate::vocabulary::{Made, event};

    case! {
        "RT-51": "each attempt has fresh test-scoped fixtures, and ends with their teardown",
        events: "+f =t1 -f +f =t1 -f +f =t1 -f",
    }

    mod m1 {
        use super::*;

        a_fixture!(f());

        #[integration(retries = 2)]
        fn t1(request: &Request, _f: &Made) {
            static ATTEMPTS: AtomicU8 = AtomicU8::new(0);
            event("=", "t1");
            let attempt = ATTEMPTS.fetch_add(1, Ordering::Relaxed) + 1;
            assert_eq!(request.attempt(), u32::from(attempt));
            assert_eq!(attempt, 3);
        }
    }
}

mod rt_52 {
    case! {
        "RT-52": "all attempts fail",
        events: "+f =t1 -f +f =t1 -f =t2",
        outcomes: "t1:failed",
    }

    mod m1 {
        a_fixture!(f());
        a_test!(t1(f) { retries = 1; fail });
        a_test!(t2() { retries = 1 });
    }
}

mod rt_53 {
    case! {
        "RT-53": "wide fixtures stay between attempts",
        events: "+s +m +f =t1 -f +f =t1 -f -m -s",
        outcomes: "t1:failed",
    }

    mod m1 {
        a_fixture!(s() { scope = "session" });
        a_fixture!(m(s) { scope = "module" });
        a_fixture!(f(m));
        a_test!(async t1(f) { retries = 1; err });
    }
}

mod rt_54 {
    use std::sync::atomic::{AtomicBool, Ordering};

    use itest::prelude::*;

    use crate::vocabulary::{Made, event, raise};

    case! {
        "RT-54": "a test-scoped setup that fails is tried again with its test",
        events: "+f +f =t1 -f",
    }

    mod m1 {
        use super::*;

        static WORKS: AtomicBool = AtomicBool::new(false);

        #[fixture]
        async fn f() -> Made {
            event("+", "f");
            if !WORKS.swap(true, Ordering::Relaxed) {
                raise("the first time");
            }
            provide!(Made::by("f"));
            event("-", "f");
        }

        a_test!(t1(f) { retries = 1 });
    }
}

mod rt_55 {
    case! {
        "RT-55": "a failed wide setup is remembered over attempts too",
        events: "+s +m =t3",
        outcomes: "t1:error@setup t2:error@setup",
    }

    mod m1 {
        a_fixture!(s() { scope = "session"; raise });
        a_fixture!(m() { scope = "module"; raise });
        a_test!(t1(s) { retries = 2 });
        a_test!(t2(m) { retries = 2 });
        a_test!(t3());
    }
}

mod rt_56 {
    use itest::prelude::*;

    use crate::vocabulary::event;

    case! {
        "RT-56": "a skip in a later attempt is the test's result",
        events: "+f =t1 -f +f =t1 -f",
        outcomes: "t1:skipped",
    }

    mod m1 {
        use super::*;

        a_fixture!(f());

        #[integration(retries = 5, uses(f))]
        fn t1(request: &Request) {
            event("=", "t1");
            if request.attempt() == 2 {
                itest::skip!("enough");
            }
            panic!("the first time");
        }
    }
}

mod rt_57 {
    use std::sync::atomic::{AtomicBool, Ordering};

    use itest::prelude::*;

    use crate::vocabulary::event;

    case! {
        "RT-57": "a failing teardown after a failed attempt is reported, though the test passes",
        events: "+f =t1 -f +f =t1 -f",
        outcomes: "t1:passed+error@teardown",
        texts: &["1 teardown error"],
    }

    mod m1 {
        use super::*;

        #[fixture]
        fn f() -> AtomicBool {
            event("+", "f");
            let broken = provide!(AtomicBool::new(false));
            event("-", "f");
            assert!(!broken.into_inner(), "teardown f");
        }

        #[integration(retries = 1)]
        fn t1(request: &Request, f: &AtomicBool) {
            event("=", "t1");
            if request.attempt() == 1 {
                f.store(true, Ordering::Relaxed);
                panic!("the first time");
            }
        }
    }
}

mod rt_58 {
    use itest::prelude::*;

    use crate::vocabulary::event;

    case! {
        "RT-58": "finalizers of an attempt run at its end",
        events: "+f =t1 ~x -f +f =t1 ~x -f",
        outcomes: "t1:failed",
    }

    mod m1 {
        use super::*;

        a_fixture!(f());

        #[integration(retries = 1, uses(f))]
        async fn t1(request: &Request) -> Result {
            event("=", "t1");
            request.defer(async { event("~", "x") });
            Err("always".into())
        }
    }
}

mod rt_59 {
    case! {
        "RT-59": "retries of a group, and the test's own",
        events: "=t1 =t1 =t2",
        outcomes: "t1:failed t2:failed",
    }

    mod m1 {
        #[itest::integration(retries = 1)]
        mod g1 {
            a_test!(t1() { fail });
            a_test!(t2() { retries = 0; fail });
        }
    }
}

mod rt_61 {
    case! {
        "RT-61": "a failing teardown after a pass is no reason for another attempt",
        events: "+f =t1 -f",
        outcomes: "t1:passed+error@teardown",
    }

    mod m1 {
        a_fixture!(f() { raise_td });
        a_test!(t1(f) { retries = 2 });
    }
}

mod to_51 {
    case! {
        "TO-51": "an async test over its limit is cancelled, its fixtures are torn down",
        events: "+f =t1 ~x -f =t2",
        outcomes: "t1:failed",
        texts: &["timed out after 50ms"],
    }

    mod m1 {
        a_fixture!(async f());
        a_test!(async t1(f) { timeout = "50ms"; fin = [x]; hang });
        a_test!(t2());
    }
}

mod to_52 {
    case! {
        "TO-52": "an async setup over its limit is an error, the others are torn down",
        events: "+a +f -a",
        outcomes: "t1:error@setup",
        texts: &["`attempts::to_52::m1::f` failed in setup", "timed out after 50ms"],
    }

    mod m1 {
        a_fixture!(a());
        a_fixture!(async f(a) { timeout = "50ms"; hang });
        a_test!(t1(f));
    }
}

mod to_53 {
    case! {
        "TO-53": "an async teardown over its limit is an error, the others still run",
        events: "+a +f =t1 -f -a =t2",
        outcomes: "t1:passed+error@teardown",
        texts: &["`attempts::to_53::m1::f` failed in teardown", "timed out after 50ms"],
    }

    mod m1 {
        a_fixture!(a());
        a_fixture!(async f(a) { timeout = "50ms"; hang_td });
        a_test!(t1(f));
        a_test!(t2());
    }
}

mod to_54 {
    case! {
        "TO-54": "the limit of a session fixture's setup: remembered like any failure",
        events: "+s =t3",
        outcomes: "t1:error@setup t2:error@setup",
        texts: &["failed in setup; 2 tests that need it did not run", "timed out after 50ms"],
    }

    mod m1 {
        a_fixture!(async s() { scope = "session"; timeout = "50ms"; hang });
        a_test!(t1(s));
        a_test!(async t2(s));
        a_test!(t3());
    }
}

mod to_55 {
    case! {
        "TO-55": "the limit of a group holds for its tests; setup does not count",
        events: "+f =t1 -f",
        outcomes: "t1:failed",
        texts: &["timed out after 50ms"],
    }

    mod m1 {
        a_fixture!(async f());
        #[itest::integration(timeout = "50ms")]
        mod g1 {
            a_test!(async t1(f) { hang });
        }
    }
}

mod to_56 {
    case! {
        "TO-56": "a test that ran out of time is tried again like any failure",
        events: "+f =t1 -f +f =t1 -f",
        outcomes: "t1:failed",
    }

    mod m1 {
        a_fixture!(f());
        a_test!(async t1(f) { timeout = "20ms"; retries = 1; hang });
    }
}

mod to_57 {
    case! {
        "TO-57": "xfail expects a test that runs out of time, too",
        events: "+f =t1 -f",
        outcomes: "t1:xfailed",
    }

    mod m1 {
        a_fixture!(f());
        a_test!(#[xfail(reason = "slow")] async t1(f) { timeout = "20ms"; hang });
    }
}

mod sp_51 {
    case! {
        "SP-51": "should_panic: teardown as ever; no panic is a failure",
        events: "+f =t1 -f +f =t2 -f",
        outcomes: "t2:failed",
        texts: &["test did not panic as expected"],
    }

    mod m1 {
        a_fixture!(f());
        a_test!(#[should_panic] t1(f) { fail });
        a_test!(
            #[should_panic]
            t2(f)
        );
    }
}

mod sp_52 {
    case! {
        "SP-52": "should_panic(expected): the message must contain it",
        events: "=t1 =t2",
        outcomes: "t2:failed",
        texts: &["panic did not contain expected string"],
    }

    mod m1 {
        a_test!(#[should_panic(expected = "the test")] async t1() { fail });
        a_test!(#[should_panic(expected = "elsewhere")] t2() { fail });
    }
}

mod sp_53 {
    case! {
        "SP-53": "a panic in a setup is not the one that should be",
        events: "+f",
        outcomes: "t1:error@setup",
    }

    mod m1 {
        a_fixture!(f() { raise });
        a_test!(
            #[should_panic]
            t1(f)
        );
    }
}

mod sp_54 {
    case! {
        "SP-54": "a skip is not the panic that should be",
        events: "=t1 +f",
        outcomes: "t1:skipped t2:skipped",
    }

    mod m1 {
        a_fixture!(f() { skip });
        a_test!(#[should_panic] t1() { skip });
        a_test!(
            #[should_panic]
            t2(f)
        );
    }
}

mod sp_55 {
    case! {
        "SP-55": "the panic that should be, and a teardown error",
        events: "+f =t1 -f",
        outcomes: "t1:passed+error@teardown",
    }

    mod m1 {
        a_fixture!(f() { raise_td });
        a_test!(#[should_panic] t1(f) { fail });
    }
}

mod to_58 {
    use itest::prelude::*;

    use crate::vocabulary::event;

    case! {
        "TO-58": "a fixture's limit holds for each of its finalizers",
        events: "+a +f =t1 -f ~y ~x -a",
        outcomes: "t1:passed+error@teardown",
        texts: &["timed out after 50ms"],
    }

    mod m1 {
        use super::*;
        use crate::vocabulary::Made;

        a_fixture!(a());

        #[fixture(timeout = "50ms")]
        fn f(request: &Request, _a: &Made) {
            event("+", "f");
            request.defer(async { event("~", "x") });
            request.defer(async {
                event("~", "y");
                std::future::pending::<()>().await;
            });
            provide!(());
            event("-", "f");
        }

        #[integration]
        fn t1(_f: &()) {
            event("=", "t1");
        }
    }
}

mod ff_51 {
    case! {
        "FF-51": "`--fail-fast`: no more tests, but all teardowns",
        events: "+s +m =t1 +f =t2 -f -m -s",
        outcomes: "t2:failed t3:not-run t4:not-run",
        args: &["--fail-fast"],
        // libtest's flag is unstable.
        drop_in: crate::vocabulary::DropIn::No,
    }

    a_fixture!(s() { scope = "session" });

    mod m1 {
        a_fixture!(m(s) { scope = "module" });
        a_fixture!(f());
        a_test!(t1(m));
        a_test!(t2(f) { fail });
        a_test!(t3(m));
    }
    mod m2 {
        a_test!(t4(s));
    }
}

mod pn_51 {
    use itest::prelude::*;

    use crate::vocabulary::event;

    case! {
        "PN-51": "panics of all kinds: other payloads, caught ones, those of other threads",
        events: "+f =t1 -f +f =t2 -f +f =t3 -f +f =t4 -f",
        outcomes: "t1:failed",
    }

    mod m1 {
        use super::*;

        a_fixture!(f() { autouse });

        #[integration]
        fn t1() {
            event("=", "t1");
            std::panic::panic_any(42);
        }

        #[integration]
        #[should_panic]
        fn t2() {
            event("=", "t2");
            std::panic::panic_any(42);
        }

        #[integration]
        fn t3() {
            event("=", "t3");
            assert!(std::panic::catch_unwind(|| panic!("caught")).is_err());
        }

        #[integration]
        async fn t4() {
            event("=", "t4");
            assert!(tokio::spawn(async { panic!("in a task") }).await.is_err());
            let thread = std::thread::spawn(|| panic!("in a thread"));
            assert!(thread.join().is_err());
        }
    }
}
