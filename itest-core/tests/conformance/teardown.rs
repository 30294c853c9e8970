//! Teardown and finalizers.

mod td_02 {
    case! {
        "TD-02": "a dependent is torn down before its dependency",
        events: "+a1 +a2 =t1 -a2 -a1 =t2",
    }

    mod m1 {
        a_fixture!(a1());
        a_fixture!(a2(a1));
        a_test!(t1(a2));
        a_test!(t2());
    }
}

mod td_06 {
    case! {
        "TD-06": "teardown runs when the test skips itself in its body",
        events: "+f =t1 -f",
        outcomes: "t1:skipped",
    }

    mod m1 {
        a_fixture!(f());
        a_test!(t1(f) { skip });
    }
}

mod td_08 {
    case! {
        "TD-08": "the code behind `provide!` runs first, then the finalizers, last deferred first",
        events: "+f =t1 -f ~b ~a",
    }

    mod m1 {
        a_fixture!(f() { fin = [a, b] });
        a_test!(t1(f));
    }
}

mod td_10 {
    use crate::vocabulary::DropIn;

    case! {
        "TD-10": "the finalizers of a failing module-scoped setup run at the end of its scope",
        events: "+f =t2 ~b ~a",
        outcomes: "t1:error@setup",
        drop_in: DropIn::Same,
    }

    mod m1 {
        a_fixture!(f() { scope = "module"; fin = [a, b]; raise });
        a_test!(t1(f));
        a_test!(t2());
    }
}

mod td_12 {
    case! {
        "TD-12": "failing teardown: the test stays passed and one extra error is counted",
        events: "+f =t1 -f",
        outcomes: "t1:passed+error@teardown",
        texts: &["ERROR at teardown of teardown::td_12::m1::t1", "1 teardown error", "1 passed; 0 failed"],
    }

    mod m1 {
        a_fixture!(f() { raise_td });
        a_test!(t1(f));
    }
}

mod td_14 {
    case! {
        "TD-14": "two failing finalizers: one error, its parts in the order of registration",
        events: "+f =t1 ~c ~b ~a =t2",
        outcomes: "t1:passed+error@teardown",
        texts: &["`teardown::td_14::m1::f` failed in teardown", "fin a", "fin c", "1 teardown error\n"],
    }

    mod m1 {
        a_fixture!(f() { returns; fin = [a !, b, c !] });
        a_test!(t1(f));
        a_test!(t2());
    }
}

mod td_16 {
    case! {
        "TD-16": "errors in teardowns of several scopes are all reported",
        events: "+m +f =t1 -f -m",
        outcomes: "t1:passed+error@teardown m:error@teardown",
        texts: &["teardown f", "teardown m", "2 teardown errors\n"],
    }

    mod m1 {
        a_fixture!(m() { scope = "module"; raise_td });
        a_fixture!(f() { raise_td });
        a_test!(t1(m, f));
    }
}

mod td_18 {
    case! {
        "TD-18": "test failure and teardown error of one test are both reported",
        events: "+f =t1 -f",
        outcomes: "t1:failed+error@teardown",
        texts: &["1 teardown error", "0 passed; 1 failed"],
    }

    mod m1 {
        a_fixture!(f() { raise_td });
        a_test!(t1(f) { fail });
    }
}

mod td_23 {
    case! {
        "TD-23": "a session fixture created later is torn down before one created earlier",
        events: "+s1 =t1 +s2 =t2 -s2 -s1",
    }

    a_fixture!(s1() { scope = "session" });
    a_fixture!(s2() { scope = "session" });

    mod m1 {
        a_test!(t1(s1));
    }
    mod m2 {
        a_test!(t2(s2));
    }
}

mod td_25 {
    case! {
        "TD-25": "finalizers added by the test itself run before the fixtures' teardown",
        events: "+f =t1 ~x -f",
    }

    mod m1 {
        a_fixture!(f());
        a_test!(t1(f) { fin = [x] });
    }
}

mod td_52 {
    case! {
        "TD-52": "a setup fails in the middle of a chain: what is set up is torn down",
        events: "+f1 +f2 -f1",
        outcomes: "t1:error@setup",
    }

    mod m1 {
        a_fixture!(f1());
        a_fixture!(f2(f1) { raise });
        a_fixture!(f3(f2));
        a_test!(t1(f3));
    }
}

mod td_53 {
    case! {
        "TD-53": "teardown after the test's panic",
        events: "+a +b =t1 -b -a",
        outcomes: "t1:failed",
    }

    mod m1 {
        a_fixture!(a());
        a_fixture!(b(a));
        a_test!(t1(b) { fail });
    }
}

mod td_54 {
    case! {
        "TD-54": "the finalizers of a failing test-scoped setup run at the end of the test",
        events: "+f ~b ~a =t2",
        outcomes: "t1:error@setup",
    }

    mod m1 {
        a_fixture!(f() { fin = [a, b]; raise });
        a_test!(t1(f));
        a_test!(t2());
    }
}

mod td_55 {
    use itest::prelude::*;

    use crate::vocabulary::{event, raise};

    case! {
        "TD-55": "a panic in a value's drop is a teardown error, and the rest is torn down",
        events: "+a +f =t1 -f -a =t2",
        outcomes: "t1:passed+error@teardown",
        texts: &["drop of f"],
    }

    struct Panics;

    impl Drop for Panics {
        fn drop(&mut self) {
            event("-", "f");
            raise("drop of f");
        }
    }

    mod m1 {
        use super::*;
        use crate::vocabulary::Made;

        a_fixture!(a());

        #[fixture]
        fn f(a: &Made) -> Panics {
            a.is_from("a");
            event("+", "f");
            Panics
        }

        #[integration]
        fn t1(_f: &Panics) {
            event("=", "t1");
        }

        a_test!(t2());
    }
}

mod td_56 {
    case! {
        "TD-56": "after a failing teardown the remaining teardowns still run",
        events: "+a +b =t1 -b -a =t2",
        outcomes: "t1:passed+error@teardown",
    }

    mod m1 {
        a_fixture!(a());
        a_fixture!(b(a) { raise_td });
        a_test!(t1(b));
        a_test!(t2());
    }
}

mod td_57 {
    use crate::vocabulary::DropIn;

    case! {
        "TD-57": "a module fixture's teardown error spares the next module's tests",
        events: "+m =t1 -m =t2",
        outcomes: "m:error@teardown",
        texts: &["ERROR at teardown of module fixture", "1 teardown error", "2 passed; 0 failed"],
        drop_in: DropIn::Events("+m =t1 =t2 -m"),
    }

    mod m1 {
        a_fixture!(m() { scope = "module"; raise_td });
        a_test!(t1(m));
    }
    mod m2 {
        a_test!(t2());
    }
}

mod td_58 {
    case! {
        "TD-58": "a session fixture's teardown error fails the run",
        events: "+s =t1 =t2 -s",
        outcomes: "s:error@teardown",
        texts: &["ERROR at teardown of session fixture", "1 teardown error", "2 passed; 0 failed"],
    }

    mod m1 {
        a_fixture!(s() { scope = "session"; err_td });
        a_test!(t1(s));
        a_test!(t2());
    }
}

mod td_59 {
    case! {
        "TD-59": "finalizers of test and fixture, each last deferred first",
        events: "+f =t1 ~y ~x -f ~a",
    }

    mod m1 {
        a_fixture!(f() { fin = [a] });
        a_test!(t1(f) { fin = [x, y] });
    }
}

mod td_60 {
    case! {
        "TD-60": "the test's finalizers run when it panics",
        events: "+f =t1 ~x -f",
        outcomes: "t1:failed",
    }

    mod m1 {
        a_fixture!(f());
        a_test!(t1(f) { fin = [x]; fail });
    }
}

mod td_61 {
    case! {
        "TD-61": "a failing finalizer of the test: the others and the teardown still run",
        events: "+f =t1 ~y ~x -f",
        outcomes: "t1:passed+error@teardown",
        texts: &["fin y"],
    }

    mod m1 {
        a_fixture!(f());
        a_test!(t1(f) { fin = [x, y !] });
    }
}

mod td_62 {
    use itest::prelude::*;

    use crate::vocabulary::event;

    case! {
        "TD-62": "a finalizer that is deferred while finalizers run runs too, next",
        events: "+f =t1 -f ~b ~late ~a",
    }

    mod m1 {
        use super::*;

        #[fixture]
        fn f(request: &Request) {
            event("+", "f");
            request.defer(async { event("~", "a") });
            let again = request.clone();
            request.defer(async move {
                event("~", "b");
                again.defer(async { event("~", "late") });
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

mod td_63 {
    case! {
        "TD-63": "failing code behind `provide!` and a failing finalizer are one error",
        events: "+f =t1 -f ~b ~a",
        outcomes: "t1:passed+error@teardown",
        texts: &["fin a", "teardown f", "1 teardown error\n"],
    }

    mod m1 {
        a_fixture!(f() { fin = [a !, b]; raise_td });
        a_test!(t1(f));
    }
}

mod td_64 {
    use itest::prelude::*;

    use crate::vocabulary::{Dropped, event};

    case! {
        "TD-64": "a value's drop is its teardown, in reverse of setup",
        events: "+a +b =t1 -b -a",
    }

    mod m1 {
        use super::*;

        #[fixture]
        fn a() -> Dropped {
            event("+", "a");
            Dropped("a")
        }

        #[fixture]
        fn b(_a: &Dropped) -> Dropped {
            event("+", "b");
            Dropped("b")
        }

        #[integration]
        fn t1(_a: &Dropped, _b: &Dropped) {
            event("=", "t1");
        }
    }
}

mod td_65 {
    use crate::vocabulary::DropIn;

    case! {
        "TD-65": "a group fixture's teardown error is a report of its own",
        events: "+c =t1 -c =t2",
        outcomes: "c:error@teardown",
        texts: &["1 teardown error", "2 passed; 0 failed"],
        drop_in: DropIn::Events("+c =t1 =t2 -c"),
    }

    mod m1 {
        a_fixture!(c() { scope = "group"; raise_td });
        #[itest::integration]
        mod g1 {
            a_test!(t1(c));
        }
        a_test!(t2());
    }
}

mod td_66 {
    case! {
        "TD-66": "a group fixture outside any group: its teardown error is the test's, once",
        events: "+c =t1 -c =t2",
        outcomes: "t1:passed+error@teardown",
        texts: &["1 teardown error\n", "2 passed; 0 failed"],
    }

    mod m1 {
        a_fixture!(c() { scope = "group"; raise_td });
        a_test!(t1(c));
        a_test!(t2());
    }
}

mod td_67 {
    case! {
        "TD-67": "a skip in a teardown is a teardown error (pytest: it is ignored)",
        events: "+f =t1 -f",
        outcomes: "t1:passed+error@teardown",
    }

    mod m1 {
        a_fixture!(f() { skip_td });
        a_test!(t1(f));
    }
}

mod td_68 {
    use crate::vocabulary::DropIn;

    case! {
        "TD-68": "a module's fixtures, created by different tests, in reverse",
        events: "+x =t1 +y =t2 -y -x =t3",
        drop_in: DropIn::Events("+x =t1 +y =t2 =t3 -y -x"),
    }

    mod m1 {
        a_fixture!(x() { scope = "module" });
        a_fixture!(y() { scope = "module" });
        a_test!(t1(x));
        a_test!(t2(y));
    }
    mod m2 {
        a_test!(t3());
    }
}

mod td_69 {
    use crate::vocabulary::DropIn;

    case! {
        "TD-69": "group and module end with one step: the group's fixture first",
        events: "+m +c =t1 -c -m =t2",
        drop_in: DropIn::Events("+m +c =t1 =t2 -c -m"),
    }

    mod m1 {
        a_fixture!(m() { scope = "module" });
        #[itest::integration]
        mod g1 {
            a_fixture!(c() { scope = "group" });
            a_test!(t1(c, m));
        }
    }
    mod m2 {
        a_test!(t2());
    }
}

mod td_70 {
    use crate::vocabulary::DropIn;

    case! {
        "TD-70": "… also when the module's was created later: narrow scopes end first",
        events: "+c =t1 +m =t2 -c -m =t3",
        drop_in: DropIn::Events("+c =t1 +m =t2 =t3 -c -m"),
    }

    mod m1 {
        a_fixture!(m() { scope = "module" });
        #[itest::integration]
        mod g1 {
            a_fixture!(c() { scope = "group" });
            a_test!(t1(c));
            a_test!(t2(m));
        }
    }
    mod m2 {
        a_test!(t3());
    }
}

mod td_71 {
    use crate::vocabulary::DropIn;

    case! {
        "TD-71": "leaving a group leaves the module's fixture alone, created when it may",
        events: "+c =t1 +m =t2 -c =t3 -m",
        drop_in: DropIn::Events("+c =t1 +m =t2 =t3 -c -m"),
    }

    mod m1 {
        a_fixture!(m() { scope = "module" });
        #[itest::integration]
        mod g1 {
            a_fixture!(c() { scope = "group" });
            a_test!(t1(c));
            a_test!(t2(m));
        }
        a_test!(t3());
    }
}

mod td_72 {
    case! {
        "TD-72": "the end of a run: narrow scopes first, whatever was created first",
        events: "+s =t0 +w =t1 +m =t2 +w2 =t3 +s2 =t4 -m -w2 -w -s2 -s",
    }

    mod m1 {
        a_fixture!(m() { scope = "module" });
        a_fixture!(w() { scope = "worker" });
        a_fixture!(w2() { scope = "worker" });
        a_fixture!(s() { scope = "session" });
        a_fixture!(s2() { scope = "session" });
        a_test!(t0(s));
        a_test!(t1(w));
        a_test!(t2(m));
        a_test!(t3(w2));
        a_test!(t4(s2));
    }
}

mod td_73 {
    case! {
        "TD-73": "a session fixture's finalizers run at the end of the session",
        events: "+s =t1 =t2 -s ~b ~a",
    }

    mod m1 {
        a_fixture!(s() { scope = "session"; fin = [a, b] });
        a_test!(t1(s));
        a_test!(t2(s));
    }
}

mod td_75 {
    use crate::vocabulary::DropIn;

    case! {
        "TD-75": "one of a module's teardowns fails: the other still runs",
        events: "+x +y =t1 -y -x =t2",
        outcomes: "y:error@teardown",
        drop_in: DropIn::Events("+x +y =t1 =t2 -y -x"),
    }

    mod m1 {
        a_fixture!(x() { scope = "module" });
        a_fixture!(y() { scope = "module"; raise_td });
        a_test!(t1(x, y));
    }
    mod m2 {
        a_test!(t2());
    }
}

mod td_76 {
    case! {
        "TD-76": "every teardown of a chain fails: each is reported",
        events: "+a +b +c =t1 -c -b -a",
        outcomes: "t1:passed+error@teardown",
        texts: &["teardown c", "teardown b", "teardown a", "3 teardown errors"],
    }

    mod m1 {
        a_fixture!(a() { raise_td });
        a_fixture!(b(a) { err_td });
        a_fixture!(c(b) { raise_td });
        a_test!(t1(c));
    }
}

mod td_77 {
    use crate::vocabulary::DropIn;

    case! {
        "TD-77": "a dependent created by a later test is torn down before its dependency",
        events: "+a =t1 +b =t2 =t3 -b -a =t4",
        drop_in: DropIn::Events("+a =t1 +b =t2 =t3 =t4 -b -a"),
    }

    mod m1 {
        a_fixture!(a() { scope = "module" });
        a_fixture!(b(a) { scope = "module" });
        a_test!(t1(a));
        a_test!(t2(b));
        a_test!(t3(a));
    }
    mod m2 {
        a_test!(t4());
    }
}

mod td_78 {
    case! {
        "TD-78": "a test that returns an error: finalizers and teardown as after a panic",
        events: "+f =t1 ~x -f",
        outcomes: "t1:failed",
    }

    mod m1 {
        a_fixture!(f());
        a_test!(t1(f) { fin = [x]; err });
    }
}

mod td_79 {
    case! {
        "TD-79": "an error returned behind `provide!` is a teardown error",
        events: "+a +b =t1 -b -a",
        outcomes: "t1:passed+error@teardown",
        texts: &["`teardown::td_79::m1::b` failed in teardown", "teardown b"],
    }

    mod m1 {
        a_fixture!(a());
        a_fixture!(b(a) { err_td });
        a_test!(t1(b));
    }
}

mod td_80 {
    use itest::prelude::*;

    use crate::vocabulary::event;

    case! {
        "TD-80": "a finalizer that returns an error is a teardown error",
        events: "+f =t1 ~b ~a",
        outcomes: "t1:passed+error@teardown",
        texts: &["the bucket is not empty"],
    }

    mod m1 {
        use super::*;

        #[fixture]
        fn f(request: &Request) {
            event("+", "f");
            request.defer(async { event("~", "a") });
            request.defer(async {
                event("~", "b");
                Err::<(), &str>("the bucket is not empty")
            });
        }

        #[integration]
        fn t1(_f: &()) {
            event("=", "t1");
        }
    }
}

mod td_81 {
    use std::sync::atomic::{AtomicBool, Ordering};

    use itest::prelude::*;

    use crate::vocabulary::{Made, event};

    case! {
        "TD-81": "`provide!` gives the value back, with what users did to it",
        events: "+f =t1 -f",
    }

    mod m1 {
        use super::*;

        #[fixture]
        fn f() -> (Made, AtomicBool) {
            event("+", "f");
            let (made, used) = provide!((Made::by("f"), AtomicBool::new(false)));
            made.is_exactly("f");
            assert!(used.into_inner());
            event("-", "f");
        }

        #[integration]
        fn t1(f: &(Made, AtomicBool)) {
            event("=", "t1");
            f.1.store(true, Ordering::Relaxed);
        }
    }
}

mod td_82 {
    use crate::vocabulary::DropIn;

    case! {
        "TD-82": "teardown errors of module and session fixtures after a failed test",
        events: "+s +m =t1 -m -s",
        outcomes: "t1:failed m:error@teardown s:error@teardown",
        texts: &["2 teardown errors", "0 passed; 1 failed"],
        drop_in: DropIn::Same,
    }

    mod m1 {
        a_fixture!(s() { scope = "session"; raise_td });
        a_fixture!(m(s) { scope = "module"; raise_td });
        a_test!(t1(m) { fail });
    }
}

mod td_83 {
    use itest::prelude::*;

    use crate::vocabulary::{event, raise};

    case! {
        "TD-83": "a panic in the drop of wide values: each a report of its own",
        events: "+w +m =t1 -m -w",
        outcomes: "w:error@teardown m:error@teardown",
        texts: &["drop of m", "drop of w", "2 teardown errors", "1 passed; 0 failed"],
    }

    struct Panics(&'static str);

    impl Drop for Panics {
        fn drop(&mut self) {
            event("-", self.0);
            raise(&format!("drop of {}", self.0));
        }
    }

    mod m1 {
        use super::*;

        #[fixture(scope = "worker")]
        fn w() -> Panics {
            event("+", "w");
            Panics("w")
        }

        #[fixture(scope = "module")]
        async fn m(_w: &Panics) -> Panics {
            event("+", "m");
            Panics("m")
        }

        #[integration]
        fn t1(_m: &Panics) {
            event("=", "t1");
        }
    }
}

mod td_84 {
    use itest::prelude::*;

    use crate::vocabulary::{Dropped, event, raise};

    case! {
        "TD-84": "what a failing setup had made is dropped at once, its finalizers run later",
        events: "+f -half ~a",
        outcomes: "t1:error@setup",
    }

    mod m1 {
        use super::*;

        #[fixture]
        fn f(request: &Request) -> Dropped {
            event("+", "f");
            request.defer(async { event("~", "a") });
            let half = Dropped("half");
            raise("in setup");
            half
        }

        #[integration]
        fn t1(_f: &Dropped) {
            event("=", "t1");
        }
    }
}

mod td_85 {
    use itest::prelude::*;

    use crate::vocabulary::{Dropped, event};

    case! {
        "TD-85": "the value's drop first, then the finalizers; also of a value that was moved out",
        events: "+f =t1 -f ~b ~a +f =t2 -f ~moved ~b ~a",
    }

    mod m1 {
        use super::*;

        #[fixture]
        fn f(request: &Request) -> Dropped {
            request.defer(async { event("~", "a") });
            event("+", "f");
            request.defer(async { event("~", "b") });
            Dropped("f")
        }

        #[integration]
        fn t1(_f: &Dropped) {
            event("=", "t1");
        }

        #[integration]
        fn t2(f: Dropped) {
            event("=", "t2");
            drop(f);
            event("~", "moved");
        }
    }
}

mod td_86 {
    use itest::prelude::*;

    use crate::vocabulary::{event, skip, xfail};

    case! {
        "TD-86": "skip and xfail in a finalizer are teardown errors; the others run",
        events: "+f =t1 ~y ~x -f ~b ~a",
        outcomes: "t1:passed+error@teardown",
        texts: &["2 teardown errors"],
    }

    mod m1 {
        use super::*;

        #[fixture]
        fn f(request: &Request) {
            event("+", "f");
            request.defer(async { event("~", "a") });
            request.defer(async {
                event("~", "b");
                xfail();
            });
            provide!(());
            event("-", "f");
        }

        #[integration]
        fn t1(request: &Request, _f: &()) {
            event("=", "t1");
            request.defer(async { event("~", "x") });
            request.defer(async {
                event("~", "y");
                skip();
            });
        }
    }
}

mod td_87 {
    case! {
        "TD-87": "a worker fixture's teardown error fails the run",
        events: "+w =t1 =t2 -w",
        outcomes: "w:error@teardown",
        texts: &["ERROR at teardown of worker fixture", "1 teardown error", "2 passed; 0 failed"],
    }

    a_fixture!(async w() { scope = "worker"; err_td });

    mod m1 {
        a_test!(t1(w));
    }
    mod m2 {
        a_test!(t2(w));
    }
}

mod td_88 {
    use itest::prelude::*;

    use crate::vocabulary::{Made, event};

    case! {
        "TD-88": "what a fixture is built on is there in its teardown and finalizers",
        events: "+s +m +f +g =t1 -g -f -m -s",
    }

    mod m1 {
        use super::*;

        a_fixture!(s() { scope = "session" });

        #[fixture(scope = "module")]
        fn m(s: &Made) -> Made {
            event("+", "m");
            provide!(Made::by("m"));
            s.is_exactly("s");
            event("-", "m");
        }

        a_fixture!(async f(m));

        #[fixture]
        async fn g(f: &Made, m: &Made, s: &Made) -> Made {
            event("+", "g");
            provide!(Made::by("g"));
            f.is_exactly("f");
            m.is_exactly("m");
            s.is_exactly("s");
            event("-", "g");
        }

        a_test!(t1(g));
    }
}
