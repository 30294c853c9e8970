//! Cases, values of parameters and of fixtures: names, order, grouping.

use crate::vocabulary::Made;

/// A fixture with a `#[param]` that tells its events with the value.
macro_rules! a_param {
    ($name:ident($($request:ident),*) { $($option:tt)* }) => {
        a_param!($name($($request),*) { $($option)* } stringify!($name));
    };
    ($name:ident($($request:ident),*) { $($option:tt)* } $label:expr) => {
        #[::itest::fixture($($option)*)]
        pub(crate) fn $name(
            $($request: &crate::vocabulary::Made,)*
            #[param] value: &str,
        ) -> crate::vocabulary::Made {
            $($request.is_from(stringify!($request));)*
            let label = format!("{}[{value}]", $label);
            crate::vocabulary::event("+", &label);
            ::itest::provide!(crate::vocabulary::Made::by(
                &format!("{}.{value}", stringify!($name))
            ));
            crate::vocabulary::event("-", &label);
        }
    };
}

/// A test that tells that its body runs, by the last part of its name.
macro_rules! a_named_test {
    ($(#[$($attribute:tt)*])* $name:ident($($(#[$($source:tt)*])? $param:ident $(: $ty:ty)?),*)) => {
        a_named_test! { @ [$(#[$($attribute)*])*] $name [] $($(#[$($source)*])? $param $(: $ty)?),* }
    };
    (@ $attributes:tt $name:ident [$($done:tt)*]
     #[$($source:tt)*] $param:ident : $ty:ty $(, $($rest:tt)*)?) => {
        a_named_test! {
            @ $attributes $name [$($done)* #[$($source)*] $param: $ty,] $($($rest)*)?
        }
    };
    (@ $attributes:tt $name:ident [$($done:tt)*] $param:ident $(, $($rest:tt)*)?) => {
        a_named_test! {
            @ $attributes $name [$($done)* $param: &crate::vocabulary::Made,] $($($rest)*)?
        }
    };
    (@ [$($attribute:tt)*] $name:ident [$($(#[$($source:tt)*])? $param:ident: $ty:ty,)*]) => {
        #[::itest::integration]
        $($attribute)*
        fn $name(request: &::itest::Request, $($(#[$($source)*])? $param: $ty),*) {
            $(crate::parameters::Check::check(&$param, stringify!($param));)*
            crate::parameters::ran(request);
        }
    };
}

/// The body of a test runs.
pub(crate) fn ran(request: &itest::Request) {
    let name = request.test_name();
    let name = name.rsplit("::").next().unwrap_or_default();
    crate::vocabulary::event("=", name);
}

/// That a parameter has what it asked for.
pub(crate) trait Check {
    fn check(&self, name: &str);
}

impl Check for &Made {
    fn check(&self, name: &str) {
        self.is_from(name);
    }
}

impl Check for u32 {
    fn check(&self, _: &str) {}
}

impl Check for &str {
    fn check(&self, _: &str) {}
}

mod pa_01 {
    case! {
        "PA-01": "a test's fixture with parameters: for each test, in their order",
        events: "+x[1] =t1[1] -x[1] +x[2] =t1[2] -x[2] +x[1] =t2[1] -x[1] +x[2] =t2[2] -x[2]",
    }

    a_param!(x() { params("1", "2") });
    a_named_test!(t1(x));
    a_named_test!(t2(x));
}

mod pa_03 {
    case! {
        "PA-03": "tests of one value of a wide fixture stay together, narrower parameters inside",
        events: "+arg[1] =t1[1] -arg[1] +arg[2] =t1[2] -arg[2] +modarg[A] =t2[A] +arg[1] =t3[A-1] \
                 -arg[1] +arg[2] =t3[A-2] -arg[2] +arg[1] =t4[A-1] -arg[1] +arg[2] =t4[A-2] -arg[2] \
                 -modarg[A] +modarg[B] =t2[B] +arg[1] =t3[B-1] -arg[1] +arg[2] =t3[B-2] -arg[2] \
                 +arg[1] =t4[B-1] -arg[1] +arg[2] =t4[B-2] -arg[2] -modarg[B]",
        // Each test runs all of its values in turn there, and wide fixtures live on.
        drop_in: crate::vocabulary::DropIn::Events(
            "+arg[1] =t1[1] -arg[1] +arg[2] =t1[2] -arg[2] +modarg[A] =t2[A] +modarg[B] =t2[B] \
             +arg[1] =t3[A-1] -arg[1] +arg[2] =t3[A-2] -arg[2] +arg[1] =t3[B-1] -arg[1] +arg[2] \
             =t3[B-2] -arg[2] +arg[1] =t4[A-1] -arg[1] +arg[2] =t4[A-2] -arg[2] +arg[1] =t4[B-1] \
             -arg[1] +arg[2] =t4[B-2] -arg[2] -modarg[B] -modarg[A]"
        ),
    }

    mod m1 {
        a_param!(arg() { params("1", "2") });
        a_param!(modarg() { scope = "module", params("A", "B") });
        a_named_test!(t1(arg));
        a_named_test!(t2(modarg));
        a_named_test!(t3(arg, modarg));
        a_named_test!(t4(modarg, arg));
    }
}

mod pa_06 {
    case! {
        "PA-06": "a group's parameters: within each group, which stay in order",
        events: "+h[J] =t1[J] -h[J] +h[D] =t1[D] -h[D] +h[J] =t2[J] =t3[J] -h[J] \
                 +h[D] =t2[D] =t3[D] -h[D]",
        drop_in: crate::vocabulary::DropIn::Events(
            "+h[J] =t1[J] +h[D] =t1[D] +h[J] =t2[J] +h[D] =t2[D] =t3[J] =t3[D] \
             -h[D] -h[J] -h[D] -h[J]"
        ),
    }

    mod m1 {
        a_param!(h() { scope = "group", params("J", "D") });

        #[itest::integration]
        mod g1 {
            a_named_test!(t1(h));
        }
        #[itest::integration]
        mod g2 {
            a_named_test!(t2(h));
            a_named_test!(t3(h));
        }
    }
}

mod pa_08 {
    case! {
        "PA-08": "a worker's parameters: grouped over modules",
        events: "+x[a] =t1[a] =t2[a] -x[a] +x[b] =t1[b] =t2[b] -x[b]",
        drop_in: crate::vocabulary::DropIn::Events(
            "+x[a] =t1[a] +x[b] =t1[b] =t2[a] =t2[b] -x[b] -x[a]"
        ),
    }

    a_param!(x() { scope = "worker", params("a", "b") });

    mod m1 {
        a_named_test!(t1(x));
    }
    mod m2 {
        a_named_test!(t2(x));
    }
}

mod pa_17 {
    case! {
        "PA-17": "what is said of single cases: expected to fail, skipped",
        events: "=case_1",
        outcomes: "case_2:xfailed case_3_three:skipped",
        drop_in: crate::vocabulary::DropIn::Events("=case_1"),
    }

    #[itest::integration]
    #[case(1)]
    #[case(2)]
    #[xfail(reason = "bug")]
    #[case::three(3)]
    #[skip(reason = "s")]
    fn t1(#[case] x: u32, request: &itest::Request) {
        assert_eq!(x, 1);
        crate::parameters::ran(request);
    }
}

mod pa_20 {
    case! {
        "PA-20": "a value for a fixture and one for the test",
        events: "+x[a] =t1[a] -x[a]",
    }

    #[itest::fixture]
    pub(crate) fn x(#[param] value: &str) -> String {
        crate::vocabulary::event("+", &format!("x[{value}]"));
        itest::provide!(format!("fx{value}"));
        crate::vocabulary::event("-", &format!("x[{value}]"));
    }

    #[itest::integration]
    #[with(x = "a")]
    #[case("b")]
    fn t1(x: &String, #[case] y: &str) {
        assert_eq!((&**x, y), ("fxa", "b"));
        crate::vocabulary::event("=", "t1[a]");
    }
}

mod pa_23 {
    case! {
        "PA-23": "values from tests leave the fixture its scope, and group the tests",
        events: "+s[p] =t1[p] =t2[p] -s[p] +s[q] =t1[q] =t2[q] -s[q]",
        drop_in: crate::vocabulary::DropIn::Events(
            "+s[p] =t1[p] +s[q] =t1[q] =t2[p] =t2[q] -s[q] -s[p]"
        ),
    }

    a_param!(s() { scope = "worker" });
    a_named_test!(
        #[with(s("p", "q"))]
        t1(s)
    );
    a_named_test!(
        #[with(s("p", "q"))]
        t2(s)
    );
}

mod pa_26 {
    case! {
        "PA-26": "the name of the function selects all instances",
        events: "=x_1_1 =x_2_2 =x_3_3",
    }

    mod m1 {
        a_named_test!(t1(#[values(1, 2, 3)] x: u32));
    }
}

mod pa_51 {
    case! {
        "PA-51": "a session's parameters: both values live to the end of the run, for other processes",
        events: "+s[p] =t1[p] =t2[p] +s[q] =t1[q] =t2[q] -s[q] -s[p]",
        drop_in: crate::vocabulary::DropIn::Events(
            "+s[p] =t1[p] +s[q] =t1[q] =t2[p] =t2[q] -s[q] -s[p]"
        ),
    }

    a_param!(s() { scope = "session", params("p", "q") });
    a_named_test!(t1(s));
    a_named_test!(t2(s));
}

mod pa_52 {
    case! {
        "PA-52": "what is built on a value ends with it",
        events: "+x[a] +y[a] =t1[a] -y[a] -x[a] +x[b] +y[b] =t1[b] -y[b] -x[b]",
        drop_in: crate::vocabulary::DropIn::Events(
            "+x[a] +y[a] =t1[a] +x[b] +y[b] =t1[b] -y[b] -x[b] -y[a] -x[a]"
        ),
    }

    mod m1 {
        a_param!(x() { scope = "module", params("a", "b") });

        #[itest::fixture(scope = "module")]
        fn y(x: &crate::vocabulary::Made) -> crate::vocabulary::Made {
            let mut value = 'a';
            if *x != crate::vocabulary::Made::by("x.a") {
                value = 'b';
            }
            crate::vocabulary::event("+", &format!("y[{value}]"));
            itest::provide!(crate::vocabulary::Made::by("y"));
            crate::vocabulary::event("-", &format!("y[{value}]"));
        }

        a_named_test!(t1(y));
    }
}

mod pa_53 {
    case! {
        "PA-53": "the values of several parameters: each with each, the last one first",
        events: "=y_1___a__ =y_2___b__ =y_1___a__ =y_2___b__",
    }

    mod m1 {
        a_named_test!(t1(#[values(1, 2)] x: u32, #[values("a", "b")] y: &str));
    }
}

mod pa_54 {
    case! {
        "PA-54": "a setup that fails for one value stops the tests of that value only",
        events: "=t1[b]",
        outcomes: "t1[a]:error@setup",
        texts: &["x[a]", "no a"],
        // One libtest test has both.
        drop_in: crate::vocabulary::DropIn::No,
    }

    #[itest::fixture(scope = "worker", params("a", "b"))]
    fn x(#[param] value: &str) -> itest::Result<crate::vocabulary::Made> {
        if value == "a" {
            return Err("no a".into());
        }
        Ok(crate::vocabulary::Made::by("x"))
    }

    a_named_test!(t1(x));
}

mod ov_07 {
    case! {
        "OV-07": "a plain fixture overridden by one with parameters: a test for each",
        events: "+x.mod[1] =t1[1] -x.mod[1] +x.mod[2] =t1[2] -x.mod[2]",
    }

    a_fixture!(x() { label = "x.root" });

    mod m1 {
        a_param!(x() { params("1", "2") } "x.mod");
        a_named_test!(t1(x));
    }
}

mod ov_09 {
    case! {
        "OV-09": "both layers have parameters: each with each, since each has its own (not pytest's)",
        events: "+x.root[7] +x.mod[1] =t1[1-7] -x.mod[1] -x.root[7] \
                 +x.root[7] +x.mod[2] =t1[2-7] -x.mod[2] -x.root[7]",
    }

    a_param!(x() { params("7") } "x.root");

    mod m1 {
        a_param!(x(x) { params("1", "2") } "x.mod");
        a_named_test!(t1(x));
    }
}

mod ov_11 {
    case! {
        "OV-11": "a value in place of a fixture: the fixture is not set up, nor what it needs",
        events: "=x_1___a__ =x_2___b__",
    }

    mod m1 {
        a_fixture!(boom() { raise });
        a_fixture!(x(boom));
        a_named_test!(t1(#[values("a", "b")] x: &str));
    }
}

mod ov_13 {
    case! {
        "OV-13": "an autouse fixture overridden by one that is not: it stays autouse, with parameters",
        events: "+x.sub[1] =t1[1] -x.sub[1] +x.sub[2] =t1[2] -x.sub[2]",
    }

    a_fixture!(x() { autouse; label = "x.root" });

    mod sub {
        a_param!(x() { params("1", "2") } "x.sub");

        mod m1 {
            a_named_test!(t1());
        }
    }
}

mod td_04 {
    case! {
        "TD-04": "a group's fixture with a value from the test is another instance",
        events: "+x1[-] +x2 +x3 =t1 =t2 -x3 -x2 -x1[-] +x1[0] =t3 -x1[0] =t4",
        drop_in: crate::vocabulary::DropIn::No,
    }

    mod m1 {
        a_param!(x1() { scope = "group", params("-") });
        a_fixture!(x2(x1) { scope = "group" });
        a_fixture!(x3(x1) { scope = "group" });

        #[itest::integration]
        mod g1 {
            a_test!(t1(x2, x3));
            a_test!(t2(x2));
            a_test!(
                #[with(x1 = "0")]
                t3(x1)
            );
        }

        a_test!(t4());
    }
}

mod kw_05 {
    case! {
        "KW-05": "`-k` matches what instances are called by",
        events: "=x_2___2_3__",
        outcomes: "x_1___None__:not-run",
        args: &["-k", "2_3"],
        drop_in: crate::vocabulary::DropIn::No,
    }

    mod m1 {
        a_named_test!(t1(#[values("None", "2-3")] x: &str));
    }
}
