//! Expected failures.

mod xf_02 {
    case! {
        "XF-02": "xfail + pass is xpassed; strict makes it a failure",
        events: "=t1 =t2 =t3",
        outcomes: "t1:xpassed t2:failed t3:xfailed",
        texts: &["[XPASS(strict)] r2"],
    }

    mod m1 {
        a_test!(
            #[xfail(reason = "r1")]
            t1()
        );
        a_test!(
            #[xfail(reason = "r2", strict)]
            t2()
        );
        a_test!(#[xfail(reason = "r3", strict = true)] t3() { fail });
    }
}

mod xf_04 {
    case! {
        "XF-04": "xfail(run = false): neither fixtures nor body run",
        events: "",
        outcomes: "t1:xfailed",
        texts: &["[NOTRUN] later"],
    }

    mod m1 {
        a_fixture!(f());
        a_test!(
            #[xfail(run = false, reason = "later")]
            t1(f)
        );
    }
}

mod xf_06 {
    case! {
        "XF-06": "imperative xfail ends the test at once",
        events: "+f =t1 -f +g",
        outcomes: "t1:xfailed t2:xfailed",
    }

    mod m1 {
        a_fixture!(f());
        a_test!(t1(f) { xfail });
        a_fixture!(g() { xfail });
        a_test!(t2(g));
    }
}

mod xf_51 {
    case! {
        "XF-51": "an expected failure fails nothing, its fixtures are torn down",
        events: "+f =t1 -f +f =t2 -f",
        outcomes: "t1:xfailed",
        texts: &["t1 ... xfailed, r", "1 xfailed"],
    }

    mod m1 {
        a_fixture!(f());
        a_test!(#[xfail(reason = "r")] t1(f) { fail });
        a_test!(t2(f));
    }
}

mod xf_52 {
    case! {
        "XF-52": "xfail on a group",
        events: "=t1 =t2 =t3",
        outcomes: "t1:xfailed t2:xpassed",
        texts: &["1 xfailed, 1 xpassed"],
    }

    mod m1 {
        #[itest::integration]
        #[xfail(reason = "r")]
        mod g1 {
            a_test!(t1() { fail });
            a_test!(t2());
        }
        a_test!(t3());
    }
}

mod xf_53 {
    case! {
        "XF-53": "xfail(run = false) does not set up autouse session fixtures",
        events: "+s =t2 -s",
        outcomes: "t1:xfailed",
    }

    a_fixture!(s() { scope = "session"; autouse });

    mod m1 {
        a_test!(
            #[xfail(run = false)]
            t1()
        );
        a_test!(t2());
    }
}

mod xf_54 {
    case! {
        "XF-54": "the test's own xfail wins over its group's",
        events: "=t1 =t2",
        outcomes: "t1:xpassed t2:xfailed",
        texts: &["t1 ... xpassed, t", "t2 ... xfailed, g"],
    }

    mod m1 {
        #[itest::integration]
        #[xfail(reason = "g", strict)]
        mod g1 {
            a_test!(
                #[xfail(reason = "t", strict = false)]
                t1()
            );
            a_test!(t2() { fail });
        }
    }
}

mod xf_55 {
    case! {
        "XF-55": "finalizers and teardown after an imperative xfail",
        events: "+f =t1 ~x -f",
        outcomes: "t1:xfailed",
        texts: &["t1 ... xfailed, known to fail"],
    }

    mod m1 {
        a_fixture!(f());
        a_test!(t1(f) { fin = [x]; xfail });
    }
}

mod xf_56 {
    case! {
        "XF-56": "an imperative xfail in a strict xfail test",
        events: "=t1",
        outcomes: "t1:xfailed",
    }

    mod m1 {
        a_test!(#[xfail(reason = "g", strict)] t1() { xfail });
    }
}

mod xf_58 {
    case! {
        "XF-58": "an imperative xfail in a fixture of a strict xfail test",
        events: "+f",
        outcomes: "t1:xfailed",
    }

    mod m1 {
        a_fixture!(f() { xfail });
        a_test!(
            #[xfail(reason = "g", strict)]
            t1(f)
        );
    }
}

mod xf_59 {
    case! {
        "XF-59": "a module fixture's teardown error is nothing that a test's xfail expects",
        events: "+m =t1 -m",
        outcomes: "t1:xfailed m:error@teardown",
    }

    mod m1 {
        a_fixture!(m() { scope = "module"; raise_td });
        a_test!(#[xfail(reason = "g")] t1(m) { fail });
    }
}

mod xf_60 {
    case! {
        "XF-60": "a returned error is an expected failure too",
        events: "=t1 =t2",
        outcomes: "t1:xfailed t2:xfailed",
    }

    mod m1 {
        a_test!(#[xfail] t1() { err });
        a_test!(#[xfail] async t2() { err });
    }
}

mod xf_61 {
    case! {
        "XF-61": "should_panic with xfail: no panic is the expected failure, a panic is a pass",
        events: "=t1 =t2",
        outcomes: "t1:xfailed t2:xpassed",
    }

    mod m1 {
        a_test!(
            #[should_panic]
            #[xfail(reason = "r")]
            t1()
        );
        a_test!(#[xfail(reason = "r")] #[should_panic(expected = "in the test")] t2() { fail });
    }
}

mod xf_08 {
    use crate::vocabulary::DropIn;

    // libtest has no such flag.
    case! {
        "XF-08": "the project's default for strict",
        events: "=t1 =t2",
        outcomes: "t1:failed t2:xpassed",
        texts: &["[XPASS(strict)] u"],
        args: &["--strict-xfail"],
        drop_in: DropIn::No,
    }

    mod m1 {
        a_test!(
            #[xfail(reason = "u")]
            t1()
        );
        a_test!(
            #[xfail(reason = "v", strict = false)]
            t2()
        );
    }
}

mod xf_62 {
    case! {
        "XF-62": "an expected failure is not tried again",
        events: "+f =t1 -f",
        outcomes: "t1:xfailed",
    }

    mod m1 {
        a_fixture!(f());
        a_test!(#[xfail(reason = "r")] t1(f) { retries = 2; fail });
    }
}

mod xf_63 {
    case! {
        "XF-63": "a skip condition on an xfail test that does not hold",
        events: "=t1",
        outcomes: "t1:xfailed",
    }

    mod m1 {
        a_test!(
            #[xfail(reason = "r")]
            #[skip_if(env = "ITEST_CONFORMANCE_NOT_SET", reason = "s")]
            t1() { fail }
        );
    }
}
