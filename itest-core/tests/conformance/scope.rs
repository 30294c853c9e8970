//! Scope and lifetime.

mod sc_01 {
    case! {
        "SC-01": "test-scoped fixture: fresh instance per test",
        events: "+f =t1 -f +f =t2 -f",
        outcomes: "t2:failed",
    }

    mod m1 {
        a_fixture!(f());
        a_test!(t1(f));
        a_test!(t2(f) { fail });
    }
}

mod sc_03 {
    use crate::vocabulary::DropIn;

    case! {
        "SC-03": "module-scoped fixture defined above the modules: one instance each",
        events: "+f =t1 =t2 -f +f =t3 -f +f =t4 -f",
        drop_in: DropIn::Events("+f =t1 =t2 +f =t3 +f =t4 -f -f -f"),
    }

    a_fixture!(f() { scope = "module" });

    mod m1 {
        a_test!(t1(f));
        a_test!(t2(f));
    }
    mod m2 {
        a_test!(t3(f));
    }
    mod m3 {
        a_test!(t4(f));
    }
}

mod sc_05 {
    case! {
        "SC-05": "an unrequested fixture is never created",
        events: "=t1",
    }

    a_fixture!(s() { scope = "session" });
    a_fixture!(f());

    mod m1 {
        a_test!(t1());
    }
}

mod sc_07 {
    use crate::vocabulary::DropIn;

    case! {
        "SC-07": "group-scoped fixture outside any group behaves like test scope",
        events: "+c =t1 -c +c =t2 -c +c =t3 -c +c =t4 -c",
        drop_in: DropIn::Events("+c =t3 +c =t4 +c =t1 -c +c =t2 -c -c -c"),
    }

    mod m1 {
        a_fixture!(c() { scope = "group" });
        a_test!(t1(c));
        a_test!(t2(c));
        #[itest::integration]
        mod g1 {
            a_test!(t3(c));
        }
        #[itest::integration]
        mod g2 {
            a_test!(t4(c));
        }
    }
}

mod sc_09 {
    use crate::vocabulary::DropIn;

    case! {
        "SC-09": "a wide fixture lives until its scope ends, not until its last user ran",
        events: "+m =t1 =t2 =t3 -m =t4",
        drop_in: DropIn::Events("+m =t1 =t2 =t3 =t4 -m"),
    }

    mod m1 {
        a_fixture!(m() { scope = "module" });
        a_test!(t1(m));
        a_test!(t2());
        a_test!(t3());
    }
    mod m2 {
        a_test!(t4());
    }
}

mod sc_11 {
    use crate::vocabulary::DropIn;

    case! {
        "SC-11": "a package's fixture lives across its sub-packages; here: a group around modules",
        events: "+p =t1 =t2 -p =t3",
        drop_in: DropIn::Events("+p =t1 =t2 =t3 -p"),
    }

    #[itest::integration]
    mod pk {
        a_fixture!(p() { scope = "group" });
        mod m1 {
            a_test!(t1(p));
        }
        mod sub {
            mod m2 {
                a_test!(t2(p));
            }
        }
    }
    mod zz {
        mod m3 {
            a_test!(t3());
        }
    }
}

mod sc_15 {
    use std::sync::Mutex;

    use itest::prelude::*;

    use crate::vocabulary::event;

    case! {
        "SC-15": "wide fixtures share one object, test-scoped ones do not",
        events: "=1,1 =2,1",
    }

    #[fixture(scope = "module")]
    fn wide() -> Mutex<Vec<u8>> {
        Mutex::default()
    }

    #[fixture]
    fn narrow() -> Vec<u8> {
        Vec::new()
    }

    fn log_lengths(wide: &Mutex<Vec<u8>>, narrow: &mut Vec<u8>) {
        let mut wide = wide.lock().unwrap();
        wide.push(0);
        narrow.push(0);
        event("=", &format!("{},{}", wide.len(), narrow.len()));
    }

    #[integration]
    fn t1(wide: &Mutex<Vec<u8>>, narrow: &mut Vec<u8>) {
        log_lengths(wide, narrow);
    }

    #[integration]
    fn t2(wide: &Mutex<Vec<u8>>, narrow: &mut Vec<u8>) {
        log_lengths(wide, narrow);
    }
}

mod sc_51 {
    use crate::vocabulary::DropIn;

    case! {
        "SC-51": "group-scoped fixture: one instance per group",
        events: "+c =t1 =t2 -c +c =t3 -c",
        drop_in: DropIn::Events("+c =t1 =t2 +c =t3 -c -c"),
    }

    mod m1 {
        a_fixture!(c() { scope = "group" });
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

mod sc_52 {
    use crate::vocabulary::DropIn;

    case! {
        "SC-52": "a group in a group has its own instance (pytest: only if it asks first)",
        events: "+c =t1 +c =t2 -c =t3 -c",
        drop_in: DropIn::Events("+c =t2 +c =t1 =t3 -c -c"),
    }

    mod m1 {
        a_fixture!(c() { scope = "group" });
        #[itest::integration]
        mod g1 {
            a_test!(t1(c));
            #[itest::integration]
            mod g2 {
                a_test!(t2(c));
            }
            a_test!(t3(c));
        }
    }
}

mod sc_53 {
    use crate::vocabulary::DropIn;

    case! {
        "SC-53": "a nested module has its own instance of a module-scoped fixture",
        events: "+m =t1 +m =t2 -m =t3 -m",
        drop_in: DropIn::Events("+m =t2 +m =t1 =t3 -m -m"),
    }

    a_fixture!(m() { scope = "module" });

    mod m1 {
        a_test!(t1(m));
        mod inner {
            a_test!(t2(m));
        }
        a_test!(t3(m));
    }
}

mod sc_54 {
    use crate::vocabulary::DropIn;

    case! {
        "SC-54": "groups share the instance of the module around them",
        events: "+m =t1 =t2 =t3 -m",
        drop_in: DropIn::Events("+m =t2 =t1 =t3 -m"),
    }

    mod m1 {
        a_fixture!(m() { scope = "module" });
        a_test!(t1(m));
        #[itest::integration]
        mod g1 {
            a_test!(t2(m));
        }
        a_test!(t3(m));
    }
}

mod sc_55 {
    case! {
        "SC-55": "session-scoped fixture: one instance over all modules",
        events: "+s =t1 =t2 =t3 =t4 -s",
    }

    a_fixture!(s() { scope = "session" });

    mod m1 {
        a_test!(t1(s));
        a_test!(t2(s));
    }
    mod m2 {
        a_test!(t3());
        a_test!(t4(s));
    }
}

mod sc_56 {
    case! {
        "SC-56": "worker-scoped fixture: one instance in the process, torn down before sessions",
        events: "+w =t1 +s =t2 =t3 -w -s",
    }

    a_fixture!(s() { scope = "session" });
    a_fixture!(w() { scope = "worker" });

    mod m1 {
        a_test!(t1(w));
    }
    mod m2 {
        a_test!(t2(s, w));
        a_test!(t3(w));
    }
}

mod sc_57 {
    use crate::vocabulary::DropIn;

    case! {
        "SC-57": "a wide fixture is created when it is first requested, not earlier",
        events: "=t1 +m =t2 =t3 -m =t4",
        drop_in: DropIn::Events("=t1 +m =t2 =t3 =t4 -m"),
    }

    mod m1 {
        a_fixture!(m() { scope = "module" });
        a_test!(t1());
        a_test!(t2(m));
        a_test!(t3());
    }
    mod m2 {
        a_test!(t4());
    }
}

mod sc_58 {
    use crate::vocabulary::DropIn;

    case! {
        "SC-58": "a module's instance survives its nested modules",
        events: "+m =t1 =t2 =t3 =t4 -m",
        drop_in: DropIn::Events("=t2 =t3 +m =t1 =t4 -m"),
    }

    mod m1 {
        a_fixture!(m() { scope = "module" });
        a_test!(t1(m));
        mod inner {
            a_test!(t2());
            mod innermost {
                a_test!(t3());
            }
        }
        a_test!(t4(m));
    }
}

mod sc_60 {
    use crate::vocabulary::DropIn;

    case! {
        "SC-60": "a group's instance ends with the group, users or not",
        events: "+c =t1 =t2 -c =t3",
        drop_in: DropIn::Events("+c =t1 =t2 =t3 -c"),
    }

    mod m1 {
        a_fixture!(c() { scope = "group" });
        #[itest::integration]
        mod g1 {
            a_test!(t1(c));
            a_test!(t2());
        }
        a_test!(t3());
    }
}

mod sc_63 {
    case! {
        "SC-63": "test-scoped fixtures built on one session fixture",
        events: "+s +f =t1 -f +f =t2 -f -s",
    }

    mod m1 {
        a_fixture!(s() { scope = "session" });
        a_fixture!(f(s));
        a_test!(t1(f));
        a_test!(t2(f));
    }
}

mod sc_64 {
    use crate::vocabulary::DropIn;

    case! {
        "SC-64": "module-scoped fixtures built on one session fixture",
        events: "+s +m =t1 -m +m =t2 -m -s",
        drop_in: DropIn::Events("+s +m =t1 +m =t2 -m -m -s"),
    }

    a_fixture!(s() { scope = "session" });
    a_fixture!(m(s) { scope = "module" });

    mod m1 {
        a_test!(t1(m));
    }
    mod m2 {
        a_test!(t2(m));
    }
}

mod sc_66 {
    use crate::vocabulary::DropIn;

    case! {
        "SC-66": "all scopes in one chain",
        events: "+s +w +m +c +f =t1 -f +f =t2 -f -c +c +f =t3 -f -c -m -w -s",
        drop_in: DropIn::Events("+s +w +m +c +f =t1 -f +f =t2 -f +c +f =t3 -f -c -c -m -w -s"),
    }

    mod m1 {
        a_fixture!(s() { scope = "session" });
        a_fixture!(w(s) { scope = "worker" });
        a_fixture!(m(w) { scope = "module" });
        a_fixture!(c(m) { scope = "group" });
        a_fixture!(f(c));
        #[itest::integration]
        mod g1 {
            a_test!(t1(f));
            a_test!(t2(f));
        }
        #[itest::integration]
        mod g2 {
            a_test!(t3(f));
        }
    }
}

mod sc_67 {
    case! {
        "SC-67": "a fixture and its test share the group fixture outside any group",
        events: "+c +f =t1 -f -c +c +f =t2 -f -c",
    }

    mod m1 {
        a_fixture!(c() { scope = "group" });
        a_fixture!(f(c));
        a_test!(t1(f, c));
        a_test!(t2(f, c));
    }
}

mod sc_68 {
    use crate::vocabulary::DropIn;

    case! {
        "SC-68": "tests directly in a module and in a module beside it do not share",
        events: "+m =t1 -m +m =t2 -m",
        drop_in: DropIn::Events("+m =t1 +m =t2 -m -m"),
    }

    a_fixture!(m() { scope = "module" });

    mod a {
        a_test!(t1(m));
    }
    // A name that starts like the one before.
    mod ab {
        a_test!(t2(m));
    }
}

mod sc_69 {
    use crate::vocabulary::DropIn;

    case! {
        "SC-69": "a module inside a group has its own module fixtures and the group's group ones",
        events: "+m +c =t1 +m =t2 -m -c -m =t3",
        drop_in: DropIn::Events("+m +c =t2 +m =t1 =t3 -m -c -m"),
    }

    a_fixture!(m() { scope = "module" });
    a_fixture!(c() { scope = "group" });

    mod m1 {
        #[itest::integration]
        mod g1 {
            a_test!(t1(m, c));
            mod inner {
                a_test!(t2(m, c));
            }
        }
    }
    mod m2 {
        a_test!(t3());
    }
}
