//! How values reach their users: `&T`, `&mut T`, `T`, and through serde.

mod va_51 {
    use itest::prelude::*;

    use crate::vocabulary::event;

    case! {
        "VA-51": "`&mut` of a test-scoped value, in a fixture and then in the test",
        events: "+f +g =t1 -f",
    }

    mod m1 {
        use super::*;

        #[fixture]
        fn f() -> Vec<u8> {
            event("+", "f");
            let all = provide!(vec![1]);
            assert_eq!(all, [1, 2, 3]);
            event("-", "f");
        }

        #[fixture]
        fn g(f: &mut Vec<u8>) -> usize {
            f.push(2);
            event("+", "g");
            f.len()
        }

        #[integration]
        fn t1(g: &usize, f: &mut Vec<u8>) {
            assert_eq!(*g, 2);
            f.push(3);
            event("=", "t1");
        }
    }
}

mod va_52 {
    use itest::prelude::*;

    use crate::vocabulary::event;

    case! {
        "VA-52": "`&mut` of a module-scoped value: the next test sees the change",
        events: "+m =t1 =t2 =t3 -m",
    }

    mod m1 {
        use super::*;

        #[fixture(scope = "module")]
        fn m() -> u8 {
            event("+", "m");
            let last = provide!(1);
            assert_eq!(last, 4);
            event("-", "m");
        }

        #[integration]
        fn t1(m: &mut u8) {
            *m += 1;
            event("=", "t1");
        }

        #[integration]
        async fn t2(m: &mut u8) {
            *m += 2;
            event("=", "t2");
        }

        #[integration]
        fn t3(m: &u8) {
            assert_eq!(*m, 4);
            event("=", "t3");
        }
    }
}

mod va_53 {
    use itest::prelude::*;

    use crate::vocabulary::{Dropped, event};

    case! {
        "VA-53": "by value: a test-scoped value is the test's, which drops it",
        events: "+f =t1 -f ~after +f =t2 -f =t3 +f -f",
        outcomes: "t2:failed",
        drop_in: crate::vocabulary::DropIn::Same,
    }

    mod m1 {
        use super::*;

        #[fixture]
        fn f() -> Dropped {
            event("+", "f");
            Dropped("f")
        }

        #[integration]
        fn t1(f: Dropped) {
            event("=", "t1");
            drop(f);
            event("~", "after");
        }

        #[integration]
        async fn t2(_f: Dropped) {
            event("=", "t2");
            panic!("with the value in its hands");
        }

        a_test!(t3());

        #[integration]
        fn t4(f: Dropped) {
            drop(f);
        }
    }
}

mod va_54 {
    use itest::prelude::*;

    use crate::vocabulary::{Made, event};

    case! {
        "VA-54": "by value of a wide or providing fixture: a clone for each",
        events: "+s +m +f =t1 -f +f =t2 -f -m -s",
    }

    mod m1 {
        use super::*;

        a_fixture!(s() { scope = "session" });
        a_fixture!(m() { scope = "module" });
        a_fixture!(f());

        #[integration]
        fn t1(s: Made, m: Made, f: Made) {
            s.is_exactly("s");
            m.is_exactly("m");
            f.is_exactly("f");
            event("=", "t1");
        }

        #[integration]
        async fn t2(s: Made, m: Made, f: Made) {
            s.is_exactly("s");
            m.is_exactly("m");
            f.is_exactly("f");
            event("=", "t2");
        }
    }
}

mod va_55 {
    use itest::prelude::*;

    use crate::vocabulary::{Dropped, event};

    case! {
        "VA-55": "by value into another fixture, which then owns it",
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
        fn b(a: Dropped) -> (Dropped, Dropped) {
            event("+", "b");
            (Dropped("b"), a)
        }

        #[integration]
        fn t1(_b: &(Dropped, Dropped)) {
            event("=", "t1");
        }
    }
}

mod va_56 {
    use itest::prelude::*;

    use crate::vocabulary::event;

    case! {
        "VA-56": "by value with several users: clones",
        events: "+a +b =t1",
    }

    mod m1 {
        use super::*;

        #[fixture]
        fn a() -> Vec<u8> {
            event("+", "a");
            vec![1]
        }

        #[fixture]
        fn b(mut a: Vec<u8>) -> usize {
            event("+", "b");
            a.push(2);
            a.len()
        }

        #[integration]
        fn t1(b: usize, mut a: Vec<u8>) {
            assert_eq!(b, 2);
            a.push(3);
            assert_eq!(a, [1, 3]);
            event("=", "t1");
        }
    }
}

mod va_58 {
    use itest::prelude::*;
    use serde::{Deserialize, Serialize};

    use crate::vocabulary::event;

    case! {
        "VA-58": "a session value reaches users through serde, its teardown has the original",
        events: "+s +s2 +w =t1 -w -s2 -s",
    }

    #[derive(Serialize, Deserialize)]
    struct Info {
        url: String,
        #[serde(skip)]
        process: Option<u32>,
    }

    #[fixture(scope = "session")]
    fn s() -> Info {
        event("+", "s");
        let info = provide!(Info {
            url: "one".into(),
            process: Some(7),
        });
        assert_eq!((&*info.url, info.process), ("one", Some(7)));
        event("-", "s");
    }

    #[fixture(scope = "session")]
    async fn s2(s: &Info) -> String {
        assert_eq!((&*s.url, s.process), ("one", None));
        event("+", "s2");
        provide!(format!("{} two", s.url));
        event("-", "s2");
    }

    #[fixture(scope = "worker")]
    fn w(s: &Info, s2: &String) -> String {
        assert_eq!((&*s.url, s.process), ("one", None));
        event("+", "w");
        provide!(format!("{s2} three"));
        event("-", "w");
    }

    mod m1 {
        use super::*;

        #[integration]
        fn t1(s: &Info, w: &String) {
            assert_eq!((&*s.url, s.process), ("one", None));
            assert_eq!(w, "one two three");
            event("=", "t1");
        }
    }
}

mod va_59 {
    use itest::prelude::*;

    use crate::vocabulary::event;

    case! {
        "VA-59": "`&mut` of a session value changes a copy, not what its teardown gets",
        events: "+s =t1 -s",
    }

    mod m1 {
        use super::*;

        #[fixture(scope = "session")]
        fn s() -> String {
            event("+", "s");
            let value = provide!("original".to_owned());
            assert_eq!(value, "original");
            event("-", "s");
        }

        #[integration]
        fn t1(s: &mut String) {
            s.push_str(", changed");
            event("=", "t1");
        }
    }
}

mod va_61 {
    use itest::prelude::*;

    use crate::vocabulary::event;

    case! {
        "VA-61": "values of many kinds: none, static text, a box, a result's",
        events: "+none =t1",
    }

    mod m1 {
        use super::*;

        #[fixture]
        fn none() {
            event("+", "none");
        }

        #[fixture]
        fn text() -> &'static str {
            "text"
        }

        #[fixture]
        fn boxed() -> Box<dyn Fn(u8) -> u8> {
            Box::new(|n| n + 1)
        }

        #[fixture(scope = "worker")]
        fn number() -> std::io::Result<u8> {
            Ok(3)
        }

        #[integration]
        #[allow(clippy::borrowed_box)]
        fn t1(
            _none: &(),
            text: &&'static str,
            boxed: &Box<dyn Fn(u8) -> u8>,
            number: u8,
        ) -> std::process::ExitCode {
            assert_eq!(*text, "text");
            assert_eq!(boxed(number), 4);
            event("=", "t1");
            std::process::ExitCode::SUCCESS
        }
    }
}

mod va_62 {
    use itest::prelude::*;

    use crate::vocabulary::{Dropped, event};

    case! {
        "VA-62": "by value and retried: a fresh value for each attempt",
        events: "+f =t1 -f +f =t1 -f",
        outcomes: "t1:failed",
    }

    mod m1 {
        use super::*;

        #[fixture]
        fn f() -> Dropped {
            event("+", "f");
            Dropped("f")
        }

        #[integration(retries = 1)]
        fn t1(f: Dropped) -> Result {
            event("=", "t1");
            drop(f);
            Err("always".into())
        }
    }
}

mod va_63 {
    use itest::prelude::*;

    use crate::vocabulary::{Dropped, event};

    case! {
        "VA-63": "a wide value is dropped at the end of its scope",
        events: "+w +m =t1 =t2 -m =t3 -w",
        drop_in: crate::vocabulary::DropIn::Events("+w +m =t1 =t2 =t3 -m -w"),
    }

    #[fixture(scope = "worker")]
    fn w() -> Dropped {
        event("+", "w");
        Dropped("w")
    }

    mod m1 {
        use super::*;

        #[fixture(scope = "module")]
        async fn m(_w: &Dropped) -> Dropped {
            event("+", "m");
            Dropped("m")
        }

        #[integration]
        fn t1(_m: &Dropped) {
            event("=", "t1");
        }

        #[integration]
        async fn t2(_m: &Dropped) {
            event("=", "t2");
        }
    }
    mod m2 {
        a_test!(t3());
    }
}

mod va_64 {
    use std::process::ExitCode;

    use itest::prelude::*;

    use crate::vocabulary::event;

    case! {
        "VA-64": "what a test returns: an exit code, a result with one, an error's chain",
        events: "=t1 =t2 =t3",
        outcomes: "t1:failed t2:failed t3:failed",
        texts: &["Error: outer", "caused by: an error occurred"],
    }

    mod m1 {
        use super::*;

        #[integration]
        fn t1() -> ExitCode {
            event("=", "t1");
            ExitCode::FAILURE
        }

        #[integration]
        async fn t2() -> Result<ExitCode> {
            event("=", "t2");
            Ok(ExitCode::from(3))
        }

        #[derive(Debug)]
        struct Outer(std::fmt::Error);

        impl std::fmt::Display for Outer {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("outer")
            }
        }

        impl std::error::Error for Outer {
            fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
                Some(&self.0)
            }
        }

        #[integration]
        fn t3() -> Result<(), Outer> {
            event("=", "t3");
            Err(Outer(std::fmt::Error))
        }
    }
}

mod va_65 {
    use itest::prelude::*;

    use crate::vocabulary::event;

    case! {
        "VA-65": "a test that panics with `&mut` in its hands leaves the value to the others",
        events: "+m +f =t1 -f +f =t2 -f -m",
        outcomes: "t1:failed",
    }

    mod m1 {
        use super::*;

        #[fixture(scope = "module")]
        fn m() -> u8 {
            event("+", "m");
            let last = provide!(1);
            assert_eq!(last, 2);
            event("-", "m");
        }

        #[fixture]
        fn f() -> u16 {
            event("+", "f");
            let last = provide!(1);
            assert_eq!(last, 2);
            event("-", "f");
        }

        #[integration]
        fn t1(m: &mut u8, f: &mut u16) {
            *m += 1;
            *f += 1;
            event("=", "t1");
            panic!("with both");
        }

        #[integration]
        async fn t2(m: &u8, f: &mut u16) {
            assert_eq!(*m, 2);
            *f += 1;
            event("=", "t2");
        }
    }
}

mod va_66 {
    use itest::prelude::*;

    use crate::vocabulary::event;

    case! {
        "VA-66": "a setup that panics with `&mut` in its hands leaves the value to the others",
        events: "+m +f =t2 -m",
        outcomes: "t1:error@setup",
    }

    mod m1 {
        use super::*;

        #[fixture(scope = "module")]
        fn m() -> Vec<u8> {
            event("+", "m");
            let all = provide!(Vec::new());
            assert_eq!(all, [1, 2]);
            event("-", "m");
        }

        #[fixture]
        fn f(m: &mut Vec<u8>) -> usize {
            event("+", "f");
            m.push(1);
            assert!(m.is_empty(), "in setup");
            m.len()
        }

        #[integration]
        fn t1(_f: &usize) {
            event("=", "t1");
        }

        #[integration]
        fn t2(m: &mut Vec<u8>) {
            m.push(2);
            event("=", "t2");
        }
    }
}
