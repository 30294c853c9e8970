//! Skips by attribute, condition and at run time.

mod sk_02 {
    case! {
        "SK-02": "a skip on a group or a module skips every test in it",
        events: "=t3",
        outcomes: "t1:skipped t2:skipped t4:skipped",
    }

    mod m1 {
        #[itest::integration]
        #[skip(reason = "g")]
        mod g1 {
            a_test!(t1());
            a_test!(t2());
        }
        a_test!(t3());
    }
    #[itest::integration]
    #[skip(reason = "m")]
    mod m2 {
        a_test!(t4());
    }
}

mod sk_06 {
    case! {
        "SK-06": "skip wins over xfail",
        events: "",
        outcomes: "t1:skipped",
    }

    mod m1 {
        a_test!(#[xfail(reason = "x")] #[skip(reason = "s")] t1() { fail });
    }
}

mod sk_09 {
    case! {
        "SK-09": "a run in which everything is skipped is a success",
        events: "",
        outcomes: "t1:skipped",
        texts: &["t1 ... ignored, r"],
    }

    mod m1 {
        a_test!(
            #[skip(reason = "r")]
            t1()
        );
    }
}

mod sk_51 {
    use crate::vocabulary::DropIn;

    case! {
        "SK-51": "a skipped test between others does not end their module",
        events: "+m =t1 =t3 -m",
        outcomes: "t2:skipped",
        drop_in: DropIn::Same,
    }

    mod m1 {
        a_fixture!(m() { scope = "module" });
        a_test!(t1(m));
        a_test!(
            #[skip(reason = "r")]
            t2(m)
        );
        a_test!(t3(m));
    }
}

mod sk_52 {
    use crate::vocabulary::DropIn;

    case! {
        "SK-52": "skipped tests at the border of modules",
        events: "+m =t1 -m =t4",
        outcomes: "t2:skipped t3:skipped",
        drop_in: DropIn::Events("+m =t1 =t4 -m"),
    }

    mod m1 {
        a_fixture!(m() { scope = "module" });
        a_test!(t1(m));
        a_test!(
            #[skip(reason = "r")]
            t2(m)
        );
    }
    mod m2 {
        a_test!(
            #[skip(reason = "r")]
            t3()
        );
        a_test!(t4());
    }
}

mod sk_53 {
    case! {
        "SK-53": "several conditions: one that holds is enough",
        events: "+f =t1 -f",
        outcomes: "t2:skipped",
        texts: &["t2 ... ignored, q"],
    }

    mod m1 {
        a_fixture!(f());
        a_test!(
            #[skip_if(env = "ITEST_CONFORMANCE_NOT_SET", reason = "r")]
            t1(f)
        );
        a_test!(
            #[skip_if(env = "ITEST_CONFORMANCE_NOT_SET", reason = "r")]
            #[skip_if(env = "ITEST_CONFORMANCE", reason = "q")]
            t2(f)
        );
    }
}

mod sk_54 {
    use crate::vocabulary::DropIn;

    case! {
        "SK-54": "a group's skip reaches the groups inside",
        events: "=t3",
        outcomes: "t1:skipped t2:skipped",
        drop_in: DropIn::Same,
    }

    mod m1 {
        #[itest::integration]
        #[skip_if(env = "ITEST_CONFORMANCE", reason = "g")]
        mod g1 {
            a_test!(t1());
            #[itest::integration]
            mod g2 {
                a_test!(t2());
            }
        }
        a_test!(t3());
    }
}

mod sk_55 {
    case! {
        "SK-55": "a skip at run time and a failing teardown are both reported",
        events: "+f =t1 -f",
        outcomes: "t1:skipped+error@teardown",
    }

    mod m1 {
        a_fixture!(f() { raise_td });
        a_test!(t1(f) { skip });
    }
}

mod sk_56 {
    case! {
        "SK-56": "a skip at run time wins over xfail, strict too",
        events: "=t1 =t2",
        outcomes: "t1:skipped t2:skipped",
        texts: &["t1 ... ignored, skipped at run time"],
    }

    mod m1 {
        a_test!(#[xfail(reason = "x")] t1() { skip });
        a_test!(#[xfail(reason = "x", strict)] async t2() { skip });
    }
}

mod sk_57 {
    use itest::prelude::*;

    use crate::vocabulary::{Made, event};

    case! {
        "SK-57": "a skip on a fixture skips its users before anything is set up",
        events: "=t4",
        outcomes: "t1:skipped t2:skipped t3:skipped",
        texts: &["t1 ... ignored, fixture `service`: no service here"],
    }

    mod m1 {
        use super::*;

        a_fixture!(first() { scope = "session" });

        #[fixture(scope = "module")]
        #[skip_if(env = "ITEST_CONFORMANCE", reason = "no service here")]
        fn service() -> Made {
            event("+", "service");
            provide!(Made::by("service"));
            event("-", "service");
        }

        a_fixture!(client(service));

        a_test!(t1(first, service));
        a_test!(t2(first, client));
        a_test!(t3() { uses(client) });
        a_test!(t4());
    }
}

mod sk_58 {
    use itest::prelude::*;

    use crate::vocabulary::{Made, event};

    case! {
        "SK-58": "a skip on an overridden fixture does not concern those who get the override",
        events: "+x.mod =t1 -x.mod",
        outcomes: "t2:skipped",
    }

    #[skip(reason = "r")]
    #[fixture]
    fn x() -> Made {
        event("+", "x.root");
        Made::by("x.root")
    }

    mod m1 {
        a_fixture!(x() { label = "x.mod" });
        a_test!(t1(x));
    }
    mod m2 {
        a_test!(t2(x));
    }
}

mod sk_59 {
    use itest::prelude::*;

    use crate::vocabulary::event;

    case! {
        "SK-59": "`when` is a function, called once; `not`, `any`, `all` combine",
        events: "~asked =t3 =t4",
        outcomes: "t1:skipped t2:skipped",
    }

    fn asked() -> bool {
        event("~", "asked");
        true
    }

    mod m1 {
        use super::*;

        #[integration]
        #[skip_if(when = super::asked, reason = "r")]
        fn t1() {
            event("=", "t1");
        }

        #[skip_if(any(env = "ITEST_CONFORMANCE_NOT_SET", when = super::asked), reason = "r")]
        #[integration]
        fn t2() {
            event("=", "t2");
        }

        #[integration]
        #[skip_if(not(when = super::asked), reason = "r")]
        fn t3() {
            event("=", "t3");
        }

        #[skip_if(all(when = super::asked, env = "ITEST_CONFORMANCE_NOT_SET"), reason = "r")]
        #[integration]
        async fn t4() {
            event("=", "t4");
        }
    }
}

mod sk_60 {
    case! {
        "SK-60": "`#[ignore]`: not run, not even its fixtures",
        events: "+f =t2 -f",
        outcomes: "t1:skipped t3:skipped",
        texts: &["t1 ... ignored\n", "t3 ... ignored, too slow"],
    }

    mod m1 {
        a_fixture!(f());
        a_test!(
            #[ignore]
            t1(f)
        );
        a_test!(t2(f));
        a_test!(
            #[ignore = "too slow"]
            t3(f)
        );
    }
}

mod sk_61 {
    use crate::vocabulary::DropIn;

    case! {
        "SK-61": "`--include-ignored` runs what is ignored and not what is skipped",
        events: "+f =t1 -f",
        outcomes: "t2:skipped",
        args: &["--include-ignored"],
        drop_in: DropIn::Same,
    }

    mod m1 {
        a_fixture!(f());
        a_test!(
            #[ignore = "slow"]
            t1(f)
        );
        a_test!(
            #[skip(reason = "r")]
            t2(f)
        );
    }
}

mod sk_62 {
    case! {
        "SK-62": "`--require` makes a skip for the environment a failure",
        events: "=t2",
        outcomes: "t1:failed",
        args: &["--require=ITEST_CONFORMANCE_NOT_SET"],
        texts: &["required here, but it would be skipped: r"],
        // libtest does not know the flag.
        drop_in: crate::vocabulary::DropIn::No,
    }

    mod m1 {
        a_test!(
            #[skip_if(not(env = "ITEST_CONFORMANCE_NOT_SET"), reason = "r")]
            t1()
        );
        a_test!(t2());
    }
}

mod sk_63 {
    case! {
        "SK-63": "skips are counted by reason",
        events: "",
        outcomes: "t1:skipped t2:skipped t3:skipped",
        texts: &["skipped:", "2: often", "1: once", "0 passed; 0 failed; 3 ignored"],
    }

    mod m1 {
        a_test!(
            #[skip(reason = "often")]
            t1()
        );
        a_test!(
            #[skip(reason = "once")]
            t2()
        );
        a_test!(
            #[skip(reason = "often")]
            t3()
        );
    }
}

mod sk_64 {
    use itest::prelude::*;

    use crate::vocabulary::event;

    case! {
        "SK-64": "`skip!` with a formatted reason, from a function that the test calls",
        events: "+f =t1 -f",
        outcomes: "t1:skipped",
        texts: &["t1 ... ignored, no printer number 3"],
    }

    fn needs_printer(number: u8) {
        if number > 2 {
            itest::skip!("no printer number {number}");
        }
    }

    mod m1 {
        use super::*;

        a_fixture!(f());

        #[integration(uses(f))]
        fn t1() {
            event("=", "t1");
            needs_printer(2);
            needs_printer(3);
            event("=", "unreachable");
        }
    }
}

mod sk_65 {
    use itest::prelude::*;

    use crate::vocabulary::{Made, event};

    case! {
        "SK-65": "a fixture that skips is an error once if `--require` names it, through others too",
        events: "+s =t3",
        outcomes: "t1:error@setup t2:error@setup",
        args: &["--require=s"],
        texts: &[
            "fixture `skip::sk_65::s` failed in setup; 2 tests that need it did not run",
            "required here, but it would be skipped: not here",
            "2 errors",
        ],
        // libtest does not know the flag.
        drop_in: crate::vocabulary::DropIn::No,
    }

    #[fixture(scope = "module")]
    fn s() -> Made {
        event("+", "s");
        itest::skip!("not here")
    }
    a_fixture!(f(s));
    a_test!(t1(s));
    a_test!(t2(f));
    a_test!(t3());
}
