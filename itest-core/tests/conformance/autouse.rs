//! Autouse, and `uses` on groups.

mod au_02 {
    use crate::vocabulary::DropIn;

    case! {
        "AU-02": "module and group autouse combine",
        events: "+x =t1 -x +x +y =t2 -y -x +x =t3 -x",
        drop_in: DropIn::Events("+x +y =t2 -y -x +x =t3 -x +x =t1 -x"),
    }

    mod m1 {
        a_fixture!(x() { autouse });
        a_test!(t1());
        #[itest::integration]
        mod g1 {
            a_fixture!(y() { autouse });
            a_test!(t2());
        }
        #[itest::integration]
        mod g2 {
            a_test!(t3());
        }
    }
}

mod au_04 {
    case! {
        "AU-04": "a test skipped by its attribute sets up nothing, not even session autouse",
        events: "+s +f =t3 -f -s",
        outcomes: "t1:skipped t2:skipped",
    }

    a_fixture!(s() { scope = "session"; autouse });
    a_fixture!(f() { autouse });

    mod m1 {
        a_test!(
            #[skip(reason = "r")]
            t1()
        );
        a_test!(
            #[skip_if(not(env = "ITEST_CONFORMANCE_NOT_SET"), reason = "c")]
            t2()
        );
        a_test!(t3());
    }
}

mod au_06 {
    use crate::vocabulary::DropIn;

    case! {
        "AU-06": "uses on a group: set up for each of its tests without being a parameter",
        events: "+c +f =t1 -f +f =t2 -f -c =t3",
        drop_in: DropIn::Events("+c +f =t1 -f +f =t2 -f =t3 -c"),
    }

    mod m1 {
        a_fixture!(c() { scope = "group" });
        a_fixture!(f());
        #[itest::integration(uses(c, f))]
        mod g1 {
            a_test!(t1());
            a_test!(t2());
        }
        a_test!(t3());
    }
}

mod au_51 {
    case! {
        "AU-51": "autouse does not reach the module beside",
        events: "+x =t1 -x =t2",
    }

    mod m1 {
        a_fixture!(x() { autouse });
        a_test!(t1());
    }
    mod m2 {
        a_test!(t2());
    }
}

mod au_52 {
    case! {
        "AU-52": "autouse session fixture above two modules: one instance",
        events: "+s =t1 =t2 -s",
    }

    a_fixture!(s() { scope = "session"; autouse });

    mod m1 {
        a_test!(t1());
    }
    mod m2 {
        a_test!(t2());
    }
}

mod au_53 {
    case! {
        "AU-53": "autouse session fixture of a module: from its first test to the end of the run",
        events: "=t1 +s =t2 =t3 -s",
    }

    mod m1 {
        a_test!(t1());
    }
    mod m2 {
        a_fixture!(s() { scope = "session"; autouse });
        a_test!(t2());
    }
    mod m3 {
        a_test!(t3());
    }
}

mod au_54 {
    use crate::vocabulary::DropIn;

    case! {
        "AU-54": "autouse group fixture inside its group",
        events: "+c =t1 =t2 -c =t3",
        drop_in: DropIn::Events("+c =t1 =t2 =t3 -c"),
    }

    mod m1 {
        #[itest::integration]
        mod g1 {
            a_fixture!(c() { scope = "group"; autouse });
            a_test!(t1());
            a_test!(t2());
        }
        a_test!(t3());
    }
}

mod au_55 {
    use crate::vocabulary::DropIn;

    case! {
        "AU-55": "autouse group fixture of a module: per group, and per test outside of groups",
        events: "+c =t1 -c +c =t2 =t3 -c +c =t4 -c",
        drop_in: DropIn::Events("+c =t2 =t3 +c =t1 -c +c =t4 -c -c"),
    }

    mod m1 {
        a_fixture!(c() { scope = "group"; autouse });
        a_test!(t1());
        #[itest::integration]
        mod g1 {
            a_test!(t2());
            a_test!(t3());
        }
        a_test!(t4());
    }
}

mod au_56 {
    use crate::vocabulary::DropIn;

    case! {
        "AU-56": "autouse module fixture above two modules: one instance each",
        events: "+m =t1 =t2 -m +m =t3 -m",
        drop_in: DropIn::Events("+m =t1 =t2 +m =t3 -m -m"),
    }

    a_fixture!(m() { scope = "module"; autouse });

    mod m1 {
        a_test!(t1());
        a_test!(t2());
    }
    mod m2 {
        a_test!(t3());
    }
}

mod au_57 {
    use crate::vocabulary::DropIn;

    case! {
        "AU-57": "uses of nested groups add up, the innermost first",
        events: "+f =t1 -f +g +f =t2 -f -g",
        drop_in: DropIn::Events("+g +f =t2 -f -g +f =t1 -f"),
    }

    mod m1 {
        a_fixture!(f());
        a_fixture!(g());
        #[itest::integration(uses(f))]
        mod g1 {
            a_test!(t1());
            #[itest::integration(uses(g))]
            mod g2 {
                a_test!(t2());
            }
        }
    }
}

mod au_58 {
    case! {
        "AU-58": "an autouse fixture around a test that skips itself",
        events: "+f =t1 -f +f =t2 -f",
        outcomes: "t1:skipped",
    }

    mod m1 {
        a_fixture!(f() { autouse });
        a_test!(t1() { skip });
        a_test!(t2());
    }
}

mod au_59 {
    use crate::vocabulary::DropIn;

    case! {
        "AU-59": "skipped tests at a module's start and end do not touch its autouse fixture",
        events: "+m =t2 -m =t4",
        outcomes: "t1:skipped t3:skipped",
        drop_in: DropIn::Events("+m =t2 =t4 -m"),
    }

    mod m1 {
        a_fixture!(m() { scope = "module"; autouse });
        a_test!(
            #[skip(reason = "r")]
            t1()
        );
        a_test!(t2());
        a_test!(
            #[skip(reason = "r")]
            t3()
        );
    }
    mod m2 {
        a_test!(t4());
    }
}

mod au_60 {
    use crate::vocabulary::DropIn;

    case! {
        "AU-60": "a wide fixture that only an autouse one asks for",
        events: "+m +f =t1 -f +f =t2 -f -m",
        drop_in: DropIn::Same,
    }

    mod m1 {
        a_fixture!(m() { scope = "module" });
        a_fixture!(f(m) { autouse });
        a_test!(t1());
        a_test!(t2());
    }
}

mod au_61 {
    case! {
        "AU-61": "a failing teardown of an autouse fixture is an error for each test",
        events: "+f =t1 -f +f =t2 -f",
        outcomes: "t1:passed+error@teardown t2:passed+error@teardown",
        texts: &["2 teardown errors"],
    }

    mod m1 {
        a_fixture!(f() { autouse; raise_td });
        a_test!(t1());
        a_test!(t2());
    }
}

mod au_62 {
    use itest::prelude::*;

    use crate::vocabulary::{event, is_running};

    case! {
        "AU-62": "`autouse = \"crate\"` reaches every test, before the test's own autouse",
        events: "+everywhere +near =t1 -near -everywhere +everywhere =t2 -everywhere",
    }

    mod common {
        use super::*;

        #[fixture(autouse = "crate")]
        fn everywhere() {
            // It reaches the other cases too.
            if is_running("AU-62") {
                event("+", "everywhere");
            }
            provide!(());
            if is_running("AU-62") {
                event("-", "everywhere");
            }
        }
    }

    mod m1 {
        a_fixture!(near() { autouse });
        a_test!(t1());
    }
    mod m2 {
        a_test!(t2());
    }
}

mod au_63 {
    use itest::prelude::*;

    use crate::vocabulary::event;

    case! {
        "AU-63": "an autouse session fixture sets the environment of all its tests",
        events: "+environment =t1 =t2 -environment",
    }

    #[fixture(scope = "session", autouse)]
    fn environment(request: &Request) {
        request.export_env("ITEST_AU_63", "exported");
        event("+", "environment");
        provide!(());
        event("-", "environment");
    }

    mod m1 {
        use super::*;

        #[integration]
        fn t1() {
            assert_eq!(std::env::var("ITEST_AU_63").unwrap(), "exported");
            event("=", "t1");
        }
    }
    mod m2 {
        use super::*;

        #[integration]
        async fn t2() {
            assert_eq!(std::env::var("ITEST_AU_63").unwrap(), "exported");
            event("=", "t2");
        }
    }
}

mod au_64 {
    use crate::vocabulary::DropIn;

    case! {
        "AU-64": "autouse of nested modules: each from its module inwards",
        events: "+a =t1 -a +a +b =t2 -b -a +a +b +c =t3 -c -b -a",
        drop_in: DropIn::Events("+a +b +c =t3 -c -b -a +a +b =t2 -b -a +a =t1 -a"),
    }

    mod m1 {
        a_fixture!(a() { autouse });
        a_test!(t1());
        mod m2 {
            a_fixture!(b() { autouse });
            a_test!(t2());
            mod m3 {
                a_fixture!(c() { autouse });
                a_test!(t3());
            }
        }
    }
}

mod au_65 {
    case! {
        "AU-65": "an autouse fixture that skips: all tests of its module are skipped",
        events: "+m =t3",
        outcomes: "t1:skipped t2:skipped",
    }

    mod m1 {
        a_fixture!(m() { scope = "module"; autouse; skip });
        a_test!(t1());
        a_test!(t2());
    }
    mod m2 {
        a_test!(t3());
    }
}

mod au_66 {
    case! {
        "AU-66": "autouse requests what a nearer module overrides",
        events: "+db.mod +au =t1 -au -db.mod +db.root +au =t2 -au -db.root",
    }

    a_fixture!(db() { label = "db.root" });
    a_fixture!(au(db) { autouse });

    mod m1 {
        a_fixture!(db() { label = "db.mod" });
        a_test!(t1());
    }
    mod m2 {
        a_test!(t2());
    }
}
