//! Which fixture a request gets. What cannot be found is a plan error: `tests/plan_errors.rs`.

mod lk_51 {
    case! {
        "LK-51": "the nearest definition: own module, then outwards",
        events: "+x.mod =t1 -x.mod +x.inner =t2 -x.inner +x.root =t3 -x.root",
        drop_in: crate::vocabulary::DropIn::Events(
            "+x.inner =t2 -x.inner +x.mod =t1 -x.mod +x.root =t3 -x.root"
        ),
    }

    a_fixture!(x() { label = "x.root" });

    mod m1 {
        a_fixture!(x() { label = "x.mod" });
        a_test!(t1(x));
        mod inner {
            a_fixture!(x() { label = "x.inner" });
            a_test!(t2(x));
        }
    }
    mod m2 {
        a_test!(t3(x));
    }
}

mod lk_52 {
    case! {
        "LK-52": "a sibling module's fixture, as the last resort (pytest: not found)",
        events: "+only_in_lk_52 =t1 -only_in_lk_52",
    }

    mod common {
        a_fixture!(only_in_lk_52());
    }
    mod m1 {
        a_test!(t1(only_in_lk_52));
    }
}

mod lk_53 {
    use itest::prelude::*;

    use crate::vocabulary::{Made, event};

    case! {
        "LK-53": "`#[from(path)]`: that very fixture, though a nearer one has the name",
        events: "+x.common +x.root =t1 -x.root -x.common",
    }

    a_fixture!(x() { label = "x.root" });

    mod common {
        a_fixture!(x() { label = "x.common" });

        pub(super) mod deeper {
            pub(crate) use super::x as renamed;
        }
    }

    mod m1 {
        use super::*;

        #[integration]
        fn t1(#[from(super::common::deeper::renamed)] other: &Made, x: &Made) {
            other.is_exactly("x.common");
            x.is_exactly("x.root");
            event("=", "t1");
        }
    }
}

mod lk_54 {
    use itest::prelude::*;

    use crate::vocabulary::{Made, event};

    case! {
        "LK-54": "`#[from(\"name\")]`: looked up like any name",
        events: "+x.root +x.mod =t1 -x.mod -x.root",
    }

    a_fixture!(x() { label = "x.root" });

    mod m1 {
        use super::*;

        a_fixture!(x(x) { label = "x.mod" });

        #[integration]
        fn t1(#[from("x")] other: &Made) {
            other.is_exactly("x.mod");
            event("=", "t1");
        }
    }
}

mod lk_55 {
    use itest::prelude::*;

    use crate::vocabulary::{Made, event};

    case! {
        "LK-55": "`name = \"…\"`: that name counts, not the function's; the path is the function's",
        events: "+y.root +x =t1 -x -y.root",
    }

    #[fixture(name = "x")]
    fn y() -> Made {
        event("+", "x");
        provide!(Made::by("x"));
        event("-", "x");
    }

    #[fixture(name = "y")]
    fn x() -> Made {
        event("+", "y.root");
        provide!(Made::by("y.root"));
        event("-", "y.root");
    }

    mod m1 {
        use super::*;

        #[integration]
        fn t1(y: &Made, #[from(super::y)] by_path: &Made) {
            y.is_exactly("y.root");
            by_path.is_exactly("x");
            event("=", "t1");
        }
    }
}

mod lk_56 {
    use itest::prelude::*;

    use crate::vocabulary::{Made, event};

    case! {
        "LK-56": "leading underscores of a parameter do not count",
        events: "+f +g =t1 -g -f",
    }

    mod m1 {
        use super::*;

        a_fixture!(f());

        #[fixture]
        fn g(__f: &Made) -> Made {
            event("+", "g");
            provide!(Made::by("g"));
            event("-", "g");
        }

        #[integration]
        fn t1(_g: &Made) {
            event("=", "t1");
        }
    }
}

mod lk_58 {
    use itest::prelude::*;

    use crate::vocabulary::{Made, event};

    case! {
        "LK-58": "one fixture requested by name, by path and in uses: one instance",
        events: "+f =t1 -f",
    }

    a_fixture!(f());

    mod m1 {
        use super::*;

        #[integration(uses(super::f, "f"))]
        fn t1(f: &Made, #[from(super::f)] again: &Made, #[from("f")] third: &Made) {
            assert!(std::ptr::eq(f, again) && std::ptr::eq(f, third));
            event("=", "t1");
        }
    }
}

mod lk_59 {
    case! {
        "LK-59": "what a common fixture asks for is looked up near it, if not near the test",
        events: "+db_lk_59.common +app_lk_59 =t1 -app_lk_59 -db_lk_59.common",
    }

    mod common {
        a_fixture!(db_lk_59() { label = "db_lk_59.common" });
        a_fixture!(app_lk_59(db_lk_59));
    }
    mod elsewhere {
        a_fixture!(db_lk_59() { label = "db_lk_59.elsewhere" });
    }
    mod m1 {
        a_test!(t1(app_lk_59));
    }
}

mod lk_60 {
    use itest::prelude::*;

    use crate::vocabulary::event;

    case! {
        "LK-60": "`request` tells each fixture and test about itself",
        events: "+s +f =t1",
    }

    mod m1 {
        use super::*;

        #[fixture(scope = "module")]
        fn s(request: &Request) {
            assert_eq!(request.test_name(), "lookup::lk_60::m1::t1");
            assert_eq!(request.fixture_name(), Some("s"));
            assert_eq!(request.scope(), itest::Scope::Module);
            event("+", "s");
        }

        #[fixture]
        fn f(request: &Request, _s: &()) {
            assert_eq!(request.test_name(), "lookup::lk_60::m1::t1");
            assert_eq!(request.fixture_name(), Some("f"));
            assert_eq!(request.scope(), itest::Scope::Test);
            event("+", "f");
        }

        #[integration(markers(slow))]
        fn t1(request: &Request, _f: &()) {
            assert_eq!(request.test_name(), "lookup::lk_60::m1::t1");
            assert_eq!(request.fixture_name(), None);
            assert_eq!(request.attempt(), 1);
            assert!(request.has_marker("slow") && !request.has_marker("fast"));
            event("=", "t1");
        }
    }
}

mod lk_61 {
    case! {
        "LK-61": "uses: by name, by name in quotes, by path",
        events: "+b +a +c =t1 -c -a -b",
    }

    mod common {
        a_fixture!(c());
    }
    mod m1 {
        a_fixture!(a());
        a_fixture!(b());
        a_test!(t1() { uses(b, "a", super::common::c) });
    }
}

mod lk_62 {
    use itest::prelude::*;

    use crate::vocabulary::{Made, event};

    case! {
        "LK-62": "fixtures of other types under one name, in modules beside each other",
        events: "+x.1 =t1 -x.1 +x.2 =t2 -x.2",
    }

    mod m1 {
        a_fixture!(x() { label = "x.1" });
        a_test!(t1(x));
    }
    mod m2 {
        use super::*;

        #[fixture]
        fn x() -> (Made, u8) {
            event("+", "x.2");
            provide!((Made::by("x.2"), 2));
            event("-", "x.2");
        }

        #[integration]
        fn t2(x: &(Made, u8)) {
            x.0.is_exactly("x.2");
            assert_eq!(x.1, 2);
            event("=", "t2");
        }
    }
}

mod lk_63 {
    case! {
        "LK-63": "a group's own fixture is not the choice of the tests around it",
        events: "+x.grp =t1 -x.grp +x.mod =t2 -x.mod",
    }

    mod m1 {
        a_fixture!(x() { label = "x.mod" });
        #[itest::integration]
        mod g1 {
            a_fixture!(x() { label = "x.grp" });
            a_test!(t1(x));
        }
        a_test!(t2(x));
    }
}
