//! Selection by markers and keywords: `-m` and `-k`.
//!
//! A run in which nothing is selected is a success here, as in libtest; pytest has exit code 5.
//! libtest has no such flags, so there is no drop-in mode.

use crate::vocabulary::DropIn;

mod mk_02 {
    use super::DropIn;

    case! {
        "MK-02": "-m with and/not",
        events: "=t1",
        outcomes: "t2:not-run t3:not-run t4:not-run",
        args: &["-m", "integration and not slow"],
        drop_in: DropIn::No,
    }

    a_test!(t1() { markers(integration) });
    a_test!(t2() { markers(integration, slow) });
    a_test!(t3() { markers(slow) });
    a_test!(t4());
}

mod mk_03 {
    use super::DropIn;

    case! {
        "MK-03": "-m with one marker, and with or",
        events: "=t1 =t2 =t3",
        outcomes: "t4:not-run",
        args: &["-m", "slow or integration"],
        drop_in: DropIn::No,
    }

    a_test!(t1() { markers(integration) });
    a_test!(t2() { markers(integration, slow) });
    a_test!(t3() { markers(slow) });
    a_test!(t4());
}

mod mk_04 {
    use super::DropIn;

    case! {
        "MK-04": "-m matches names of markers exactly, never test names or parts",
        events: "",
        outcomes: "t1:not-run t2:not-run t3:not-run t4:not-run",
        args: &["-m", "t1 or integr"],
        drop_in: DropIn::No,
    }

    a_test!(t1() { markers(integration) });
    a_test!(t2() { markers(integration, slow) });
    a_test!(t3() { markers(slow) });
    a_test!(t4());
}

mod mk_06a {
    use super::DropIn;

    case! {
        "MK-06a": "arguments of one marker are compared: car(color='red')",
        events: "=t1",
        outcomes: "t2:not-run t3:not-run",
        args: &["-m", "car(color='red')"],
        drop_in: DropIn::No,
    }

    #[itest::integration(markers(car(ac = true)))]
    mod a {
        #[itest::integration(markers(car(temp = 4)))]
        mod b {
            a_test!(t1() { markers(car(color = "red")) });
        }
    }
    a_test!(t2() { markers(car(ac = false, temp = 5, color = "blue")) });
    a_test!(t3() { markers(car(temp = -5)) });
}

mod mk_06b {
    use super::DropIn;

    case! {
        "MK-06b": "arguments of one marker are compared: car(color='red') or car(color='blue')",
        events: "=t1 =t2",
        outcomes: "t3:not-run",
        args: &["-m", "car(color='red') or car(color='blue')"],
        drop_in: DropIn::No,
    }

    #[itest::integration(markers(car(ac = true)))]
    mod a {
        #[itest::integration(markers(car(temp = 4)))]
        mod b {
            a_test!(t1() { markers(car(color = "red")) });
        }
    }
    a_test!(t2() { markers(car(ac = false, temp = 5, color = "blue")) });
    a_test!(t3() { markers(car(temp = -5)) });
}

mod mk_06c {
    use super::DropIn;

    case! {
        "MK-06c": "arguments of one marker are compared: car and not car(temp=5)",
        events: "=t1 =t3",
        outcomes: "t2:not-run",
        args: &["-m", "car and not car(temp=5)"],
        drop_in: DropIn::No,
    }

    #[itest::integration(markers(car(ac = true)))]
    mod a {
        #[itest::integration(markers(car(temp = 4)))]
        mod b {
            a_test!(t1() { markers(car(color = "red")) });
        }
    }
    a_test!(t2() { markers(car(ac = false, temp = 5, color = "blue")) });
    a_test!(t3() { markers(car(temp = -5)) });
}

mod mk_06d {
    use super::DropIn;

    case! {
        "MK-06d": "arguments of one marker are compared: car(temp=4) and car(temp=5)",
        events: "",
        outcomes: "t1:not-run t2:not-run t3:not-run",
        args: &["-m", "car(temp=4) and car(temp=5)"],
        drop_in: DropIn::No,
    }

    #[itest::integration(markers(car(ac = true)))]
    mod a {
        #[itest::integration(markers(car(temp = 4)))]
        mod b {
            a_test!(t1() { markers(car(color = "red")) });
        }
    }
    a_test!(t2() { markers(car(ac = false, temp = 5, color = "blue")) });
    a_test!(t3() { markers(car(temp = -5)) });
}

mod mk_06e {
    use super::DropIn;

    case! {
        "MK-06e": "arguments of one marker are compared: car(temp=5,color='blue')",
        events: "=t2",
        outcomes: "t1:not-run t3:not-run",
        args: &["-m", "car(temp=5,color='blue')"],
        drop_in: DropIn::No,
    }

    #[itest::integration(markers(car(ac = true)))]
    mod a {
        #[itest::integration(markers(car(temp = 4)))]
        mod b {
            a_test!(t1() { markers(car(color = "red")) });
        }
    }
    a_test!(t2() { markers(car(ac = false, temp = 5, color = "blue")) });
    a_test!(t3() { markers(car(temp = -5)) });
}

mod mk_06f {
    use super::DropIn;

    case! {
        "MK-06f": "arguments of one marker are compared: car(temp=-5)",
        events: "=t3",
        outcomes: "t1:not-run t2:not-run",
        args: &["-m", "car(temp=-5)"],
        drop_in: DropIn::No,
    }

    #[itest::integration(markers(car(ac = true)))]
    mod a {
        #[itest::integration(markers(car(temp = 4)))]
        mod b {
            a_test!(t1() { markers(car(color = "red")) });
        }
    }
    a_test!(t2() { markers(car(ac = false, temp = 5, color = "blue")) });
    a_test!(t3() { markers(car(temp = -5)) });
}

mod mk_06g {
    use super::DropIn;

    case! {
        "MK-06g": "arguments of one marker are compared: car(ac=True)",
        events: "=t1",
        outcomes: "t2:not-run t3:not-run",
        args: &["-m", "car(ac=True)"],
        drop_in: DropIn::No,
    }

    #[itest::integration(markers(car(ac = true)))]
    mod a {
        #[itest::integration(markers(car(temp = 4)))]
        mod b {
            a_test!(t1() { markers(car(color = "red")) });
        }
    }
    a_test!(t2() { markers(car(ac = false, temp = 5, color = "blue")) });
    a_test!(t3() { markers(car(temp = -5)) });
}

mod mk_06h {
    use super::DropIn;

    case! {
        "MK-06h": "arguments of one marker are compared: car(ac=False)",
        events: "=t2",
        outcomes: "t1:not-run t3:not-run",
        args: &["-m", "car(ac=False)"],
        drop_in: DropIn::No,
    }

    #[itest::integration(markers(car(ac = true)))]
    mod a {
        #[itest::integration(markers(car(temp = 4)))]
        mod b {
            a_test!(t1() { markers(car(color = "red")) });
        }
    }
    a_test!(t2() { markers(car(ac = false, temp = 5, color = "blue")) });
    a_test!(t3() { markers(car(temp = -5)) });
}

mod mk_06i {
    use super::DropIn;

    case! {
        "MK-06i": "arguments of one marker are compared: car(ac=None)",
        events: "",
        outcomes: "t1:not-run t2:not-run t3:not-run",
        args: &["-m", "car(ac=None)"],
        drop_in: DropIn::No,
    }

    #[itest::integration(markers(car(ac = true)))]
    mod a {
        #[itest::integration(markers(car(temp = 4)))]
        mod b {
            a_test!(t1() { markers(car(color = "red")) });
        }
    }
    a_test!(t2() { markers(car(ac = false, temp = 5, color = "blue")) });
    a_test!(t3() { markers(car(temp = -5)) });
}

mod mk_06j {
    use super::DropIn;

    case! {
        "MK-06j": "arguments of one marker are compared: car(temp='4')",
        events: "",
        outcomes: "t1:not-run t2:not-run t3:not-run",
        args: &["-m", "car(temp='4')"],
        drop_in: DropIn::No,
    }

    #[itest::integration(markers(car(ac = true)))]
    mod a {
        #[itest::integration(markers(car(temp = 4)))]
        mod b {
            a_test!(t1() { markers(car(color = "red")) });
        }
    }
    a_test!(t2() { markers(car(ac = false, temp = 5, color = "blue")) });
    a_test!(t3() { markers(car(temp = -5)) });
}

mod mk_06k {
    use super::DropIn;

    case! {
        "MK-06k": "arguments of one marker are compared: car(temp=4, color='red')",
        events: "",
        outcomes: "t1:not-run t2:not-run t3:not-run",
        args: &["-m", "car(temp=4, color='red')"],
        drop_in: DropIn::No,
    }

    #[itest::integration(markers(car(ac = true)))]
    mod a {
        #[itest::integration(markers(car(temp = 4)))]
        mod b {
            a_test!(t1() { markers(car(color = "red")) });
        }
    }
    a_test!(t2() { markers(car(ac = false, temp = 5, color = "blue")) });
    a_test!(t3() { markers(car(temp = -5)) });
}

mod mk_08 {
    use super::DropIn;

    case! {
        "MK-08": "a marker that no test has selects nothing",
        events: "",
        outcomes: "t1:not-run t2:not-run t3:not-run t4:not-run",
        args: &["-m", "nosuch"],
        drop_in: DropIn::No,
    }

    a_test!(t1() { markers(integration) });
    a_test!(t2() { markers(integration, slow) });
    a_test!(t3() { markers(slow) });
    a_test!(t4());
}

mod mk_51 {
    use super::DropIn;

    case! {
        "MK-51": "markers of a file or module are those of all tests below",
        events: "=t1 =t3 =t4",
        outcomes: "t2:not-run t5:not-run",
        args: &["-m", "whole(level=2) and not fast"],
        drop_in: DropIn::No,
    }

    mod m1 {
        itest::markers!(whole(level = 2), other);
        a_test!(t1());
        a_test!(t2() { markers(fast) });
        mod inner {
            a_test!(t3());
            #[itest::integration(markers(grouped))]
            mod group {
                a_test!(t4());
            }
        }
    }
    mod m2 {
        a_test!(t5());
    }
}

mod mk_52 {
    use super::DropIn;

    case! {
        "MK-52": "-m and -k and names select what all of them select",
        events: "=t2",
        outcomes: "t1:not-run t3:not-run t4:not-run",
        args: &["-m", "integration", "-k", "not T1"],
        drop_in: DropIn::No,
    }

    a_test!(t1() { markers(integration) });
    a_test!(t2() { markers(integration, slow) });
    a_test!(t3() { markers(slow) });
    a_test!(t4());
}

mod kw_01 {
    use super::DropIn;

    case! {
        "KW-01": "-k is a part of the test's own name, in upper or lower case",
        events: "=t4_method",
        outcomes: "t1_interface:not-run t2_nointer:not-run t3_pass:not-run",
        args: &["-k", "METHOD"],
        drop_in: DropIn::No,
    }

    mod m1 {
        a_test!(t1_interface());
        a_test!(t2_nointer());
        a_test!(t3_pass());
        #[itest::integration(markers(slow))]
        mod g_alpha {
            a_test!(t4_method());
        }
    }
}

mod kw_02 {
    use super::DropIn;

    case! {
        "KW-02": "-k with and, or, not",
        events: "=t1_interface",
        outcomes: "t2_nointer:not-run t3_pass:not-run t4_method:not-run",
        args: &["-k", "(interface or pass) and not t3"],
        drop_in: DropIn::No,
    }

    mod m1 {
        a_test!(t1_interface());
        a_test!(t2_nointer());
        a_test!(t3_pass());
        #[itest::integration(markers(slow))]
        mod g_alpha {
            a_test!(t4_method());
        }
    }
}

mod kw_03 {
    use super::DropIn;

    case! {
        "KW-03": "-k matches names of markers",
        events: "=t4_method",
        outcomes: "t1_interface:not-run t2_nointer:not-run t3_pass:not-run",
        args: &["-k", "slow"],
        drop_in: DropIn::No,
    }

    mod m1 {
        a_test!(t1_interface());
        a_test!(t2_nointer());
        a_test!(t3_pass());
        #[itest::integration(markers(slow))]
        mod g_alpha {
            a_test!(t4_method());
        }
    }
}

mod kw_04 {
    use super::DropIn;

    case! {
        "KW-04": "-k matches names of groups and modules",
        events: "=t2_nointer =t4_method",
        outcomes: "t1_interface:not-run t3_pass:not-run",
        args: &["-k", "g_ALPHA or m1::t2"],
        drop_in: DropIn::No,
    }

    mod m1 {
        a_test!(t1_interface());
        a_test!(t2_nointer());
        a_test!(t3_pass());
        #[itest::integration(markers(slow))]
        mod g_alpha {
            a_test!(t4_method());
        }
    }
}

mod kw_07 {
    use super::DropIn;

    case! {
        "KW-07": "-k does not match what stands above the crate's root",
        events: "",
        outcomes: "t1_interface:not-run t2_nointer:not-run t3_pass:not-run t4_method:not-run",
        args: &["-k", "conf and not kw_07"],
        drop_in: DropIn::No,
    }

    mod m1 {
        a_test!(t1_interface());
        a_test!(t2_nointer());
        a_test!(t3_pass());
        #[itest::integration(markers(slow))]
        mod g_alpha {
            a_test!(t4_method());
        }
    }
}
