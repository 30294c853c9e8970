//! Errors and skips during setup.

mod er_02 {
    case! {
        "ER-02": "a session fixture's setup fails once, every dependent is an error",
        events: "+s =t4",
        outcomes: "t1:error@setup t2:error@setup",
        texts: &["`errors::er_02::m1::s` failed in setup; 2 tests that need it did not run"],
    }

    mod m1 {
        a_fixture!(s() { scope = "session"; raise });
        a_test!(t1(s));
        a_test!(t2(s));
    }
    mod m2 {
        a_test!(t4());
    }
}

mod er_04 {
    case! {
        "ER-04": "a test-scoped failing setup is tried again for each test",
        events: "+f +f",
        outcomes: "t1:error@setup t2:error@setup",
    }

    mod m1 {
        a_fixture!(f() { raise });
        a_test!(t1(f));
        a_test!(t2(f));
    }
}

mod er_06 {
    case! {
        "ER-06": "a skip in a session fixture: runs once, all dependents are skipped",
        events: "+s =t3",
        outcomes: "t1:skipped t2:skipped",
    }

    mod m1 {
        a_fixture!(s() { scope = "session"; skip });
        a_test!(t1(s));
        a_test!(t2(s));
        a_test!(t3());
    }
}

mod er_08 {
    case! {
        "ER-08": "a remembered skip holds across modules",
        events: "+s =t3",
        outcomes: "t1:skipped t2:skipped",
    }

    a_fixture!(s() { scope = "session"; skip });

    mod m1 {
        a_test!(t1(s));
    }
    mod m2 {
        a_test!(t2(s));
    }
    mod m3 {
        a_test!(t3());
    }
}

mod er_10 {
    case! {
        "ER-10": "an xfail test whose fixture's setup fails is xfailed",
        events: "+f",
        outcomes: "t1:xfailed",
    }

    mod m1 {
        a_fixture!(f() { raise });
        a_test!(
            #[xfail(reason = "r")]
            t1(f)
        );
    }
}

mod er_83 {
    case! {
        "ER-83": "an xfail test whose fixture's teardown fails: that is expected too",
        events: "+f =t1 -f +f =t2 -f",
        outcomes: "t1:xpassed t2:xfailed",
        drop_in: crate::vocabulary::DropIn::Same,
    }

    mod m1 {
        a_fixture!(f() { raise_td });
        a_test!(
            #[xfail(reason = "r")]
            t1(f)
        );
        a_test!(#[xfail(reason = "r")] t2(f) { fail });
    }
}

mod er_13 {
    case! {
        "ER-13": "when an outer fixture fails, inner independent ones are not created",
        events: "+m",
        outcomes: "t1:error@setup t2:error@setup",
    }

    mod m1 {
        a_fixture!(m() { scope = "module"; autouse; raise });
        a_fixture!(f());
        a_test!(t1(f));
        a_test!(t2(f));
    }
}

mod er_51 {
    case! {
        "ER-51": "a failed session fixture stops those built on it, at any distance",
        events: "+s =t4",
        outcomes: "t1:error@setup t2:error@setup t3:error@setup",
        texts: &["`errors::er_51::m1::s` failed in setup; 3 tests that need it did not run"],
    }

    mod m1 {
        a_fixture!(s() { scope = "session"; raise });
        a_fixture!(x(s) { scope = "session" });
        a_fixture!(y(x));
        a_test!(t1(y));
        a_test!(t2(x));
        a_test!(t3(s));
        a_test!(t4());
    }
}

mod er_52 {
    case! {
        "ER-52": "a failed module fixture is tried again for the next module",
        events: "+m +m",
        outcomes: "t1:error@setup t2:error@setup t3:error@setup",
    }

    a_fixture!(m() { scope = "module"; raise });

    mod m1 {
        a_test!(t1(m));
        a_test!(t2(m));
    }
    mod m2 {
        a_test!(t3(m));
    }
}

mod er_53 {
    case! {
        "ER-53": "a failed group fixture is tried again for the next group",
        events: "+c +c",
        outcomes: "t1:error@setup t2:error@setup t3:error@setup",
    }

    mod m1 {
        a_fixture!(c() { scope = "group"; err });
        #[itest::integration]
        mod g1 {
            a_test!(t1(c));
            a_test!(t2(c));
        }
        #[itest::integration]
        mod g2 {
            a_test!(t3(c));
        }
    }
}

mod er_54 {
    use std::fmt;

    use itest::prelude::*;

    use crate::vocabulary::event;

    case! {
        "ER-54": "a setup that returns an error: remembered, reported with its causes",
        events: "+s =t3",
        outcomes: "t1:error@setup t2:error@setup",
        texts: &["caused by: no pool", "caused by: connection refused"],
    }

    #[derive(Debug)]
    struct NoPool(std::io::Error);

    impl fmt::Display for NoPool {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("no pool")
        }
    }

    impl std::error::Error for NoPool {
        fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
            Some(&self.0)
        }
    }

    mod m1 {
        use super::*;

        #[fixture(scope = "worker")]
        fn s() -> Result<u8, NoPool> {
            event("+", "s");
            Err(NoPool(std::io::ErrorKind::ConnectionRefused.into()))
        }

        #[integration]
        fn t1(_s: &u8) {
            event("=", "t1");
        }

        #[integration]
        fn t2(_s: &u8) {
            event("=", "t2");
        }

        a_test!(t3());
    }
}

mod er_55 {
    case! {
        "ER-55": "parameters before the failing one are torn down, later ones not created",
        events: "+f1 +f2 -f1",
        outcomes: "t1:error@setup",
    }

    mod m1 {
        a_fixture!(f1());
        a_fixture!(f2() { raise });
        a_fixture!(f3());
        a_test!(t1(f1, f2, f3));
    }
}

mod er_56 {
    use crate::vocabulary::DropIn;

    case! {
        "ER-56": "a wide fixture outlives the failure of a narrow one",
        events: "+m +f =t2 -m",
        outcomes: "t1:error@setup",
        drop_in: DropIn::Same,
    }

    mod m1 {
        a_fixture!(m() { scope = "module" });
        a_fixture!(f() { raise });
        a_test!(t1(m, f));
        a_test!(t2(m));
    }
}

mod er_57 {
    case! {
        "ER-57": "a wide fixture outlives the failure of one of its scope",
        events: "+x +y =t2 -x",
        outcomes: "t1:error@setup",
    }

    mod m1 {
        a_fixture!(x() { scope = "module" });
        a_fixture!(y() { scope = "module"; raise });
        a_test!(t1(x, y));
        a_test!(t2(x));
    }
}

mod er_58 {
    case! {
        "ER-58": "a skip in a test-scoped fixture is decided for each test",
        events: "+f +f",
        outcomes: "t1:skipped t2:skipped",
    }

    mod m1 {
        a_fixture!(f() { skip });
        a_test!(t1(f));
        a_test!(t2(f));
    }
}

mod er_59 {
    case! {
        "ER-59": "a skip in a module fixture is remembered for the module",
        events: "+m +m",
        outcomes: "t1:skipped t2:skipped t3:skipped",
    }

    a_fixture!(m() { scope = "module"; skip });

    mod m1 {
        a_test!(t1(m));
        a_test!(t2(m));
    }
    mod m2 {
        a_test!(t3(m));
    }
}

mod er_60 {
    case! {
        "ER-60": "a skip in what a fixture is built on",
        events: "+s =t2",
        outcomes: "t1:skipped t3:skipped",
    }

    mod m1 {
        a_fixture!(s() { scope = "session"; skip });
        a_fixture!(x(s) { scope = "module" });
        a_test!(t1(x));
        a_test!(t2());
        a_test!(t3(x));
    }
}

mod er_61 {
    case! {
        "ER-61": "a skip in a setup: what is set up is torn down",
        events: "+f1 +f2 -f1",
        outcomes: "t1:skipped",
    }

    mod m1 {
        a_fixture!(f1());
        a_fixture!(f2() { skip });
        a_test!(t1(f1, f2));
    }
}

mod er_62 {
    use itest::prelude::*;

    use crate::vocabulary::{Made, event};

    case! {
        "ER-62": "a `provide!` that is not reached is a setup error",
        events: "+f +g",
        outcomes: "t1:error@setup t2:error@setup",
        texts: &["without having reached its `provide!`"],
    }

    fn never() -> bool {
        false
    }

    mod m1 {
        use super::*;

        #[fixture]
        fn f() -> Made {
            event("+", "f");
            if never() {
                provide!(Made::by("f"));
                event("-", "f");
            }
        }

        #[fixture]
        async fn g() -> Result<Made> {
            event("+", "g");
            if !never() {
                return Ok(());
            }
            provide!(Made::by("g"));
            event("-", "g");
        }

        a_test!(t1(f));
        a_test!(t2(g));
    }
}

mod er_63 {
    case! {
        "ER-63": "an imperative xfail in a session fixture is remembered",
        events: "+s =t3",
        outcomes: "t1:xfailed t2:xfailed",
    }

    mod m1 {
        a_fixture!(s() { scope = "session"; xfail });
        a_test!(t1(s));
        a_test!(t2(s));
        a_test!(t3());
    }
}

mod er_67 {
    case! {
        "ER-67": "a failing autouse session fixture: one attempt, all its tests are errors",
        events: "+s",
        outcomes: "t1:error@setup t2:error@setup",
    }

    mod m1 {
        a_fixture!(s() { scope = "session"; autouse; raise });
        a_test!(t1());
        mod m2 {
            a_test!(t2());
        }
    }
}

mod er_68 {
    case! {
        "ER-68": "a remembered failure: expected by one test, an error for the other",
        events: "+s",
        outcomes: "t1:xfailed t2:error@setup",
        texts: &["failed in setup; 1 test that needs it did not run", "in setup"],
    }

    mod m1 {
        a_fixture!(s() { scope = "session"; raise });
        a_test!(
            #[xfail(reason = "r")]
            t1(s)
        );
        a_test!(t2(s));
    }
}

mod er_69 {
    case! {
        "ER-69": "a strict xfail test whose fixture fails is xfailed",
        events: "+f",
        outcomes: "t1:xfailed",
    }

    mod m1 {
        a_fixture!(f() { raise });
        a_test!(
            #[xfail(reason = "r", strict)]
            t1(f)
        );
    }
}

mod er_71 {
    case! {
        "ER-71": "a setup error and a teardown error of one test are both reported",
        events: "+f1 +f2 -f1",
        outcomes: "t1:error@setup+error@teardown",
        texts: &["1 error, 1 teardown error"],
    }

    mod m1 {
        a_fixture!(f1() { raise_td });
        a_fixture!(f2() { raise });
        a_test!(t1(f1, f2));
    }
}

mod er_72 {
    case! {
        "ER-72": "what a failed module fixture was built on stays usable",
        events: "+x +y =t3 -x",
        outcomes: "t1:error@setup t2:error@setup",
    }

    mod m1 {
        a_fixture!(x() { scope = "module" });
        a_fixture!(y(x) { scope = "module"; raise });
        a_test!(t1(y));
        a_test!(t2(y));
        a_test!(t3(x));
    }
}

mod er_73 {
    case! {
        "ER-73": "the finalizers of a failing session setup run at the end of the session",
        events: "+s =t2 ~a",
        outcomes: "t1:error@setup",
    }

    mod m1 {
        a_fixture!(s() { scope = "session"; fin = [a]; raise });
        a_test!(t1(s));
        a_test!(t2());
    }
}

mod er_74 {
    use itest::prelude::*;
    use serde::{Deserialize, Deserializer, Serialize};

    use crate::vocabulary::event;

    case! {
        "ER-74": "a session value that does not survive serialisation: an error, and torn down",
        events: "+s =t3 -s",
        outcomes: "t1:error@setup t2:error@setup",
        texts: &["does not survive", "one way only"],
    }

    #[derive(Serialize)]
    struct OneWay;

    impl<'de> Deserialize<'de> for OneWay {
        fn deserialize<D: Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
            Err(serde::de::Error::custom("one way only"))
        }
    }

    mod m1 {
        use super::*;

        #[fixture(scope = "session")]
        fn s() -> OneWay {
            event("+", "s");
            provide!(OneWay);
            event("-", "s");
        }

        #[integration]
        fn t1(_s: &OneWay) {
            event("=", "t1");
        }

        #[integration]
        fn t2(_s: &OneWay) {
            event("=", "t2");
        }

        a_test!(t3());
    }
}

mod er_75 {
    case! {
        "ER-75": "the first failing parameter stops the setup",
        events: "+a +b",
        outcomes: "t1:error@setup t2:error@setup",
    }

    mod m1 {
        a_fixture!(a() { raise });
        a_fixture!(b() { raise });
        a_test!(t1(a, b));
        a_test!(t2(b));
    }
}

mod er_76 {
    case! {
        "ER-76": "a remembered failure reached on several ways is one report",
        events: "+x",
        outcomes: "t1:error@setup t2:error@setup t3:error@setup",
        texts: &["`errors::er_76::m1::x` failed in setup; 3 tests that need it did not run", "3 errors\n"],
    }

    mod m1 {
        a_fixture!(x() { scope = "module"; raise });
        a_fixture!(y(x) { scope = "module" });
        a_fixture!(z(x) { scope = "module" });
        a_test!(t1(y));
        a_test!(t2(z));
        a_test!(t3(y, z));
    }
}

mod er_77 {
    case! {
        "ER-77": "a skip in a fixture wins over xfail",
        events: "+x",
        outcomes: "t1:skipped",
    }

    mod m1 {
        a_fixture!(x() { scope = "module"; skip });
        a_fixture!(y(x));
        a_test!(
            #[xfail(reason = "r")]
            t1(y)
        );
    }
}

mod er_78 {
    case! {
        "ER-78": "a failing autouse fixture: parameters are not created",
        events: "+au",
        outcomes: "t1:error@setup",
    }

    mod m1 {
        a_fixture!(au() { autouse; raise });
        a_fixture!(f());
        a_test!(t1(f));
    }
}

mod er_79 {
    use crate::vocabulary::DropIn;

    case! {
        "ER-79": "a failing finalizer of a failed module setup is an error of its own",
        events: "+m =t2 ~a =t3",
        outcomes: "t1:error@setup m:error@teardown",
        drop_in: DropIn::Events("+m =t2 =t3 ~a"),
    }

    mod m1 {
        a_fixture!(m() { scope = "module"; fin = [a !]; raise });
        a_test!(t1(m));
        a_test!(t2());
    }
    mod m2 {
        a_test!(t3());
    }
}

mod er_80 {
    case! {
        "ER-80": "a worker fixture's failure is remembered over modules",
        events: "+w =t3",
        outcomes: "t1:error@setup t2:error@setup",
        texts: &["failed in setup; 2 tests that need it did not run"],
    }

    a_fixture!(w() { scope = "worker"; err });

    mod m1 {
        a_test!(t1(w));
    }
    mod m2 {
        a_test!(t2(w));
        a_test!(t3());
    }
}

mod er_81 {
    case! {
        "ER-81": "a session fixture built on a failed session fixture is not created later either",
        events: "+s",
        outcomes: "t1:error@setup t2:error@setup t3:error@setup",
    }

    a_fixture!(s() { scope = "session"; err });
    a_fixture!(w(s) { scope = "worker" });
    a_fixture!(m(w) { scope = "module" });

    mod m1 {
        a_test!(t1(s));
        a_test!(t2(m));
    }
    mod m2 {
        a_test!(t3(m));
    }
}

mod er_82 {
    use std::sync::atomic::{AtomicBool, Ordering};

    use itest::prelude::*;

    use crate::vocabulary::{Made, event, raise};

    case! {
        "ER-82": "a test-scoped setup that failed once may succeed for the next test",
        events: "+f +f =t2 -f",
        outcomes: "t1:error@setup",
    }

    mod m1 {
        use super::*;

        static WORKS: AtomicBool = AtomicBool::new(false);

        #[fixture]
        fn f() -> Made {
            event("+", "f");
            if !WORKS.swap(true, Ordering::Relaxed) {
                raise("the first time");
            }
            provide!(Made::by("f"));
            event("-", "f");
        }

        a_test!(t1(f));
        a_test!(t2(f));
    }
}
