//! Every way to write a fixture, run for real.

#![deny(warnings)]
#![forbid(unsafe_code)]

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Mutex;

use itest::prelude::*;
use serde::{Deserialize, Serialize};

/// What happened in the test of this thread, in order.
#[derive(Clone, Default)]
struct Log(Rc<RefCell<Vec<String>>>);

impl Log {
    fn push(&self, entry: impl Into<String>) {
        self.0.borrow_mut().push(entry.into());
    }
}

mod returned {
    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    pub(crate) struct Server {
        pub(crate) url: String,
    }

    #[fixture]
    fn plain() -> u8 {
        1
    }

    #[fixture]
    async fn later(plain: u8) -> Vec<u8> {
        tokio::task::yield_now().await;
        vec![plain]
    }

    #[fixture]
    fn fallible() -> std::result::Result<Option<u16>, std::num::ParseIntError> {
        Ok(Some("2".parse()?))
    }

    #[fixture]
    async fn fallible_later() -> anyhow::Result<Box<dyn Fn(&str) -> usize>> {
        Ok(Box::new(str::len))
    }

    #[fixture]
    fn aliased() -> Result<&'static str> {
        Ok("static")
    }

    /// `Result` without arguments has the value `()`.
    #[fixture]
    fn bare() -> Result {
        Ok(())
    }

    #[fixture(scope = "session")]
    pub(crate) fn server() -> Server {
        Server {
            url: "local".into(),
        }
    }

    #[fixture(scope = "group")]
    async fn grouped() -> String {
        "grouped".into()
    }

    #[integration]
    #[allow(clippy::too_many_arguments)]
    fn all(
        plain: &u8,
        later: &Vec<u8>,
        mut fallible: Option<u16>,
        fallible_later: &Box<dyn Fn(&str) -> usize>,
        aliased: &&'static str,
        _bare: (),
        server: &Server,
        grouped: &String,
        #[from(super::provided::counted)] _: &u8,
    ) {
        assert_eq!((*plain, later.as_slice()), (1, &[1][..]));
        assert_eq!(fallible.take(), Some(2));
        assert_eq!(fallible_later(aliased), 6);
        assert_eq!(
            (server.url.as_str(), grouped.as_str()),
            ("local", "grouped")
        );
    }
}

pub(crate) mod provided {
    use super::*;

    #[fixture]
    fn log() -> Log {
        let log = Log::default();
        let log = provide!(log);
        let entries = log.0.take();
        assert_eq!(
            entries,
            [
                "setup counted",
                "setup guarded",
                "test",
                "teardown guarded 6",
                "teardown counted 1"
            ],
        );
    }

    #[fixture]
    pub(crate) async fn counted() -> u8 {
        let mut number = provide!(1,);
        number += 1;
        assert_eq!(number, 2);
    }

    #[fixture]
    fn steps(log: &Log) -> u8 {
        log.push("setup counted");
        let number = provide!(1);
        log.push(format!("teardown counted {number}"));
    }

    #[fixture]
    fn guarded(log: &Log, steps: &u8) -> Result<u32> {
        static NUMBER: Mutex<u32> = Mutex::new(5);
        let guard = NUMBER.lock().unwrap();
        log.push("setup guarded");
        // Inside another macro's arguments, and mutable.
        let mut number = std::convert::identity(dbg_free!(provide!(*guard)));
        number += u32::from(*steps);
        log.push(format!("teardown guarded {number}"));
        drop(guard);
        Ok(())
    }

    macro_rules! dbg_free {
        ($value:expr) => {
            $value
        };
    }
    use dbg_free;

    #[integration]
    fn order(guarded: &u32, log: &Log) {
        assert_eq!(*guarded, 5);
        log.push("test");
    }

    #[fixture]
    fn last() -> u8 {
        provide!(1)
    }

    #[fixture]
    fn braces() -> u8 {
        provide! { 2 }
        let _teardown = ();
    }

    #[fixture]
    async fn in_branch(last: &u8) -> u8 {
        #![allow(clippy::let_and_return)]
        if *last == 0 {
            unreachable!();
        }
        match last {
            1 | 2 => {
                let back = itest::provide!(3);
                assert_eq!(back, 3)
            }
            _ => (),
        }
    }

    #[fixture]
    async fn returns_early() -> anyhow::Result<u8> {
        provide!("4".parse()?);
        tokio::task::yield_now().await;
        return Ok(());
    }

    #[fixture]
    fn ends_in_panic(last: &u8) -> u8 {
        provide!(5);
        if *last == 1 {
            return Ok(());
        }
        panic!("on purpose")
    }

    #[fixture]
    #[must_use]
    async fn shadows(provide: u8) -> [u8; 2] {
        let slot = provide;
        let [_, end] = provide!([provide, slot]);
        assert_eq!(end, 9);
    }

    #[fixture]
    fn provide() -> u8 {
        9
    }

    #[fixture]
    fn nested_function() -> u8 {
        #[allow(unused_macros)]
        macro_rules! provide {
            () => {
                6
            };
        }
        fn inner() -> u8 {
            provide!()
        }
        inner()
    }

    #[fixture(scope = "worker")]
    async fn wide() -> Result<Box<dyn Fn(u8) -> u8 + Send + Sync>> {
        let closure = |number: u8| number + 1;
        provide!(Box::new(closure));
        Ok(())
    }

    #[fixture(scope = "session")]
    async fn session() -> std::result::Result<String, std::fmt::Error> {
        let text = provide!("text".to_owned());
        assert_eq!(text, "text");
    }

    #[fixture]
    fn unit() {
        provide!();
    }

    #[integration]
    fn all(
        last: u8,
        braces: u8,
        in_branch: u8,
        returns_early: u8,
        ends_in_panic: u8,
        shadows: [u8; 2],
        nested_function: u8,
        wide: &Box<dyn Fn(u8) -> u8 + Send + Sync>,
        session: String,
        _unit: &(),
    ) {
        let all = [
            last,
            braces,
            in_branch,
            returns_early,
            ends_in_panic,
            nested_function,
        ];
        assert_eq!(all, [1, 2, 3, 4, 5, 6]);
        assert_eq!(shadows, [9, 9]);
        assert_eq!((wide(1), session.as_str()), (2, "text"));
    }

    #[fixture]
    async fn refuses() -> Result<u8> {
        if std::env::var_os("SURELY_NOT_SET").is_none() {
            Err("not set")?;
        }
        provide!(1);
    }

    #[integration]
    #[xfail(strict)]
    fn a_failed_setup_fails_the_test(_refuses: &u8) {}
}

/// Exclusive and owned access, and moving in.
mod access {
    use super::*;

    struct NotCloned(u8);

    #[fixture]
    fn not_cloned() -> NotCloned {
        NotCloned(3)
    }

    #[fixture]
    fn list() -> Vec<u8> {
        vec![1]
    }

    #[integration]
    async fn exclusive(list: &mut Vec<u8>, not_cloned: NotCloned) {
        list.push(2);
        tokio::task::yield_now().await;
        list.push(not_cloned.0);
        assert_eq!(list[..], [1, 2, 3]);
    }
}
