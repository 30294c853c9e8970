//! Overriding by name.

mod ov_01 {
    case! {
        "OV-01": "a module's fixture overrides the outer one and may request it by the same name",
        events: "+x.root +x.mod =t1 -x.mod -x.root +x.root =t2 -x.root",
    }

    a_fixture!(x() { label = "x.root" });

    mod m1 {
        a_fixture!(x(x) { label = "x.mod" });
        a_test!(t1(x));
    }
    mod m2 {
        a_test!(t2(x));
    }
}

mod ov_03 {
    case! {
        "OV-03": "a nested module overrides its parent",
        events: "+x.root +x.sub =t1 -x.sub -x.root",
    }

    a_fixture!(x() { label = "x.root" });

    mod sub {
        a_fixture!(x(x) { label = "x.sub" });
        mod m1 {
            a_test!(t1(x));
        }
    }
}

mod ov_05 {
    case! {
        "OV-05": "an outer fixture sees the module's override of its dependency",
        events: "+db.mod +app =t1 -app -db.mod +db.root +app =t2 -app -db.root",
    }

    a_fixture!(db() { label = "db.root" });
    a_fixture!(app(db));

    mod m1 {
        a_fixture!(db() { label = "db.mod" });
        a_test!(t1(app));
    }
    mod m2 {
        a_test!(t2(app));
    }
}

mod ov_15 {
    case! {
        "OV-15": "a broken chain: what the middle override does not request is out",
        events: "+app.mod +app.grp =t1 -app.grp -app.mod",
    }

    a_fixture!(db());
    a_fixture!(app(db) { label = "app.root" });

    mod m1 {
        a_fixture!(app() { label = "app.mod" });
        #[itest::integration]
        mod g1 {
            a_fixture!(app(app) { label = "app.grp" });
            a_test!(t1(app));
        }
    }
}

mod ov_51 {
    use crate::vocabulary::DropIn;

    case! {
        "OV-51": "a chain of four, and of three where the last override does not reach",
        events: "+x.root +x.sub +x.mod +x.grp =t1 -x.grp -x.mod -x.sub -x.root \
                 +x.root +x.sub +x.mod =t2 -x.mod -x.sub -x.root",
        drop_in: DropIn::Same,
    }

    a_fixture!(x() { label = "x.root" });

    mod sub {
        a_fixture!(x(x) { label = "x.sub" });
        mod m1 {
            a_fixture!(x(x) { label = "x.mod" });
            #[itest::integration]
            mod g1 {
                a_fixture!(x(x) { label = "x.grp" });
                a_test!(t1(x));
            }
            a_test!(t2(x));
        }
    }
}

mod ov_52 {
    case! {
        "OV-52": "an override that does not request the original: that one is not created",
        events: "+x.mod =t1 -x.mod +x.root =t2 -x.root",
    }

    a_fixture!(x() { label = "x.root" });

    mod m1 {
        a_fixture!(x() { label = "x.mod" });
        a_test!(t1(x));
    }
    mod m2 {
        a_test!(t2(x));
    }
}

mod ov_53 {
    use crate::vocabulary::DropIn;

    case! {
        "OV-53": "an override of wider scope",
        events: "+x.mod =t1 =t2 -x.mod",
        drop_in: DropIn::Same,
    }

    a_fixture!(x() { label = "x.root" });

    mod m1 {
        a_fixture!(x() { label = "x.mod"; scope = "module" });
        a_test!(t1(x));
        a_test!(t2(x));
    }
}

mod ov_54 {
    case! {
        "OV-54": "an override of narrower scope, built on the one session instance",
        events: "+x.root +x.mod =t1 -x.mod +x.mod =t2 -x.mod =t3 -x.root",
    }

    a_fixture!(x() { label = "x.root"; scope = "session" });

    mod m1 {
        a_fixture!(x(x) { label = "x.mod" });
        a_test!(t1(x));
        a_test!(t2(x));
    }
    mod m2 {
        a_test!(t3(x));
    }
}

mod ov_55 {
    case! {
        "OV-55": "a session fixture over an override is an instance of its own (pytest: reused)",
        events: "+db.mod +app =t1 +db.root +app =t2 -app -db.root -app -db.mod",
    }

    a_fixture!(db() { label = "db.root"; scope = "session" });
    a_fixture!(app(db) { scope = "session" });

    mod m1 {
        a_fixture!(db() { label = "db.mod"; scope = "session" });
        a_test!(t1(app));
    }
    mod m2 {
        a_test!(t2(app));
    }
}

mod ov_56 {
    case! {
        "OV-56": "an override that requests the original and something else",
        events: "+y +x.root +x.mod =t1 -x.mod -x.root -y",
    }

    a_fixture!(x() { label = "x.root" });
    a_fixture!(y());

    mod m1 {
        a_fixture!(x(y, x) { label = "x.mod" });
        a_test!(t1(x));
    }
}

mod ov_57 {
    case! {
        "OV-57": "other fixtures of the module get the override too",
        events: "+x.root +x.mod +y =t1 -y -x.mod -x.root",
    }

    a_fixture!(x() { label = "x.root" });

    mod m1 {
        a_fixture!(x(x) { label = "x.mod" });
        a_fixture!(y(x));
        a_test!(t1(y, x));
    }
}

mod ov_58 {
    case! {
        "OV-58": "an override of an autouse fixture that requests it",
        events: "+x.root +x.mod =t1 -x.mod -x.root +x.root =t2 -x.root",
    }

    a_fixture!(x() { autouse; label = "x.root" });

    mod m1 {
        a_fixture!(x(x) { label = "x.mod" });
        a_test!(t1());
    }
    mod m2 {
        a_test!(t2());
    }
}

mod ov_59 {
    case! {
        "OV-59": "a group overrides what an outer fixture is built on",
        events: "+db.root +db.grp +app =t1 -app -db.grp -db.root +db.root +app =t2 -app -db.root",
    }

    a_fixture!(db() { label = "db.root" });
    a_fixture!(app(db));

    mod m1 {
        #[itest::integration]
        mod g1 {
            a_fixture!(db(db) { label = "db.grp" });
            a_test!(t1(app));
        }
        a_test!(t2(app));
    }
}

mod ov_60 {
    case! {
        "OV-60": "uses gets the override",
        events: "+x.root +x.mod =t1 -x.mod -x.root",
    }

    a_fixture!(x() { label = "x.root" });

    mod m1 {
        a_fixture!(x(x) { label = "x.mod" });
        a_test!(t1() { uses(x) });
    }
}

mod ov_61 {
    case! {
        "OV-61": "an override replaces a broken fixture",
        events: "+x.mod =t1 -x.mod +x.root",
        outcomes: "t2:error@setup",
    }

    a_fixture!(x() { label = "x.root"; raise });

    mod m1 {
        a_fixture!(x() { label = "x.mod" });
        a_test!(t1(x));
    }
    mod m2 {
        a_test!(t2(x));
    }
}

mod ov_62 {
    use crate::vocabulary::DropIn;

    case! {
        "OV-62": "module-scoped override of a module-scoped fixture",
        events: "+x.root +x.mod =t1 =t2 -x.mod -x.root +x.root =t3 -x.root",
        drop_in: DropIn::Events("+x.root +x.mod =t1 =t2 +x.root =t3 -x.root -x.mod -x.root"),
    }

    a_fixture!(x() { label = "x.root"; scope = "module" });

    mod m1 {
        a_fixture!(x(x) { label = "x.mod"; scope = "module" });
        a_test!(t1(x));
        a_test!(t2(x));
    }
    mod m2 {
        a_test!(t3(x));
    }
}

mod ov_63 {
    case! {
        "OV-63": "the overridden fixture fails: the overriding one is not created",
        events: "+x.root",
        outcomes: "t1:error@setup",
    }

    a_fixture!(x() { label = "x.root"; raise });

    mod m1 {
        a_fixture!(x(x) { label = "x.mod" });
        a_test!(t1(x));
    }
}

mod ov_64 {
    use crate::vocabulary::DropIn;

    case! {
        "OV-64": "autouse module fixture, overridden in one module",
        events: "+x.mod =t1 =t2 -x.mod +x.root =t3 -x.root",
        drop_in: DropIn::Events("+x.mod =t1 =t2 +x.root =t3 -x.root -x.mod"),
    }

    a_fixture!(x() { autouse; label = "x.root"; scope = "module" });

    mod m1 {
        a_fixture!(x() { label = "x.mod"; scope = "module" });
        a_test!(t1());
        a_test!(t2(x));
    }
    mod m2 {
        a_test!(t3());
    }
}

mod ov_65 {
    case! {
        "OV-65": "a sync fixture overridden by an async one, and that by a sync one",
        events: "+x.root +x.mod +x.grp =t1 -x.grp -x.mod -x.root",
    }

    a_fixture!(x() { label = "x.root" });

    mod m1 {
        a_fixture!(async x(x) { label = "x.mod" });
        #[itest::integration]
        mod g1 {
            a_fixture!(x(x) { label = "x.grp" });
            a_test!(async t1(x));
        }
    }
}

mod ov_66 {
    use itest::prelude::*;

    use crate::vocabulary::{Made, event};

    case! {
        "OV-66": "a path reaches the overridden one beside the overriding one",
        events: "+x.root +x.mod =t1 -x.mod -x.root",
    }

    a_fixture!(x() { label = "x.root" });

    mod m1 {
        use super::*;

        a_fixture!(x(x) { label = "x.mod" });

        #[integration]
        fn t1(x: &Made, #[from(super::x)] overridden: &Made) {
            x.is_exactly("x.mod");
            overridden.is_exactly("x.root");
            event("=", "t1");
        }
    }
}

mod ov_67 {
    case! {
        "OV-67": "an override requested through two outer fixtures is one instance",
        events: "+db.mod +app +jobs =t1 -jobs -app -db.mod",
    }

    a_fixture!(db() { label = "db.root" });
    a_fixture!(app(db));
    a_fixture!(jobs(db));

    mod m1 {
        a_fixture!(db() { label = "db.mod" });
        a_test!(t1(app, jobs));
    }
}
