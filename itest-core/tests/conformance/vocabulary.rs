//! The words in which cases are written: [`Case`], `case!`, `a_fixture!`, `a_test!`.
//!
//! | notation | here |
//! |---|---|
//! | `fixture f(a) {scope=module; fin=[x,y!]; raise}` | `a_fixture!(f(a) { scope = "module"; fin = [x, y !]; raise })` |
//! | `test t1(f) {skip}` | `a_test!(t1(f) { skip })` |
//! | `@skip(reason="r")` in front of a test | `a_test!(#[skip(reason = "r")] t1())` |
//! | `@usefixtures("b", "a")` | `a_test!(t1() { uses(b, a) })` |
//! | `group G1:` | `#[integration] mod g1 { … }` |
//! | `mod m1:`, `dir sub:` | `mod m1 { … }`, `mod sub { … }` |
//!
//! Both macros write the attributes and the function that a user would write, with the events in
//! it. Every fixture provides a [`Made`], and every request checks that it got the right one.
//! What does not fit is written out in the case.

use std::fs::OpenOptions;
use std::io::Write;

use serde::{Deserialize, Serialize};

/// Names the file that events are appended to.
pub(crate) const EVENTS: &str = "ITEST_CONFORMANCE";

/// Names the case that runs.
const CASE: &str = "ITEST_CONFORMANCE_CASE";

/// One case: what it is about, and what must happen.
#[derive(Debug)]
pub(crate) struct Case {
    /// As in the list of cases; from 51 on they are itest's own.
    pub(crate) id: &'static str,
    pub(crate) title: &'static str,
    /// `module_path!()` of its module.
    pub(crate) module_path: &'static str,
    pub(crate) place: (&'static str, u32),
    /// `+f` setup, `-f` teardown, `=t` body, `~x` finalizer.
    pub(crate) events: &'static str,
    /// Of tests that did something else than pass, `t1:failed`, and of wide fixtures whose
    /// teardown failed, `m:error@teardown`. The exit code follows from them.
    pub(crate) outcomes: &'static str,
    /// Stand in the report, in this order.
    pub(crate) texts: &'static [&'static str],
    /// Further arguments of the run.
    pub(crate) args: &'static [&'static str],
    pub(crate) drop_in: DropIn,
}

/// What changes where libtest runs the tests: it sorts them by name, and what is wider than a
/// test lives to the end of the process.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum DropIn {
    /// Nothing.
    Same,
    /// The events.
    Events(&'static str),
    /// There is no such thing there; the case says why.
    No,
}

impl Case {
    pub(crate) const fn new(
        id: &'static str,
        title: &'static str,
        module_path: &'static str,
        place: (&'static str, u32),
    ) -> Self {
        Case {
            id,
            title,
            module_path,
            place,
            events: "",
            outcomes: "",
            texts: &[],
            args: &[],
            drop_in: DropIn::Same,
        }
    }
}

inventory::collect!(Case);

/// Declares the case of the module in which it stands.
macro_rules! case {
    ($id:literal: $title:literal, $($field:ident: $value:expr),* $(,)?) => {
        ::inventory::submit! {
            $crate::vocabulary::Case {
                $($field: $value,)*
                ..$crate::vocabulary::Case::new(
                    $id,
                    $title,
                    ::core::module_path!(),
                    (::core::file!(), ::core::line!()),
                )
            }
        }
    };
}

/// A fixture that tells its events.
///
/// Clauses: what `#[fixture]` takes (`scope`, `autouse`, `name`, `timeout`); `label` for its name
/// in the events; of its setup `raise`, `err`, `skip`, `xfail`, `hang`; of its teardown
/// `raise_td`, `err_td`, `skip_td`, `hang_td`; `fin = [a, b !]` defers `a`, and `b` which panics;
/// `returns` instead of providing, so that there is no teardown.
macro_rules! a_fixture {
    (async $name:ident($($param:ident),*) $({ $($clauses:tt)* })?) => {
        a_fixture! {
            @ ([async] [crate::vocabulary::pause().await;] $name [$($param)*])
            [] [] [stringify!($name)] [crate::vocabulary::Made] [] [] [provides]
            { $($($clauses)*)? }
        }
    };
    ($name:ident($($param:ident),*) $({ $($clauses:tt)* })?) => {
        a_fixture! {
            @ ([] [] $name [$($param)*])
            [] [] [stringify!($name)] [crate::vocabulary::Made] [] [] [provides]
            { $($($clauses)*)? }
        }
    };

    (@ $head:tt [$($option:tt)*] $request:tt $label:tt $ret:tt $before:tt $after:tt $kind:tt
     { scope = $scope:tt $(; $($rest:tt)*)? }) => {
        a_fixture! {
            @ $head [$($option)* scope = $scope,] $request $label $ret $before $after $kind
            { $($($rest)*)? }
        }
    };
    (@ $head:tt [$($option:tt)*] $request:tt $label:tt $ret:tt $before:tt $after:tt $kind:tt
     { autouse = $reach:tt $(; $($rest:tt)*)? }) => {
        a_fixture! {
            @ $head [$($option)* autouse = $reach,] $request $label $ret $before $after $kind
            { $($($rest)*)? }
        }
    };
    (@ $head:tt [$($option:tt)*] $request:tt $label:tt $ret:tt $before:tt $after:tt $kind:tt
     { autouse $(; $($rest:tt)*)? }) => {
        a_fixture! {
            @ $head [$($option)* autouse,] $request $label $ret $before $after $kind
            { $($($rest)*)? }
        }
    };
    (@ $head:tt [$($option:tt)*] $request:tt $label:tt $ret:tt $before:tt $after:tt $kind:tt
     { timeout = $limit:tt $(; $($rest:tt)*)? }) => {
        a_fixture! {
            @ $head [$($option)* timeout = $limit,] $request $label $ret $before $after $kind
            { $($($rest)*)? }
        }
    };
    (@ $head:tt $options:tt $request:tt $label:tt $ret:tt $before:tt $after:tt $kind:tt
     { label = $new:tt $(; $($rest:tt)*)? }) => {
        a_fixture! {
            @ $head $options $request [$new] $ret $before $after $kind { $($($rest)*)? }
        }
    };
    (@ $head:tt $options:tt $request:tt $label:tt $ret:tt [$($before:tt)*] $after:tt $kind:tt
     { raise $(; $($rest:tt)*)? }) => {
        a_fixture! {
            @ $head $options $request $label $ret
            [$($before)* crate::vocabulary::raise("in setup");] $after $kind { $($($rest)*)? }
        }
    };
    (@ $head:tt $options:tt $request:tt $label:tt $ret:tt [$($before:tt)*] $after:tt $kind:tt
     { err $(; $($rest:tt)*)? }) => {
        a_fixture! {
            @ $head $options $request $label [::itest::Result<crate::vocabulary::Made>]
            [$($before)* crate::vocabulary::err("in setup")?;] $after $kind { $($($rest)*)? }
        }
    };
    (@ $head:tt $options:tt $request:tt $label:tt $ret:tt [$($before:tt)*] $after:tt $kind:tt
     { skip $(; $($rest:tt)*)? }) => {
        a_fixture! {
            @ $head $options $request $label $ret
            [$($before)* crate::vocabulary::skip();] $after $kind { $($($rest)*)? }
        }
    };
    (@ $head:tt $options:tt $request:tt $label:tt $ret:tt [$($before:tt)*] $after:tt $kind:tt
     { xfail $(; $($rest:tt)*)? }) => {
        a_fixture! {
            @ $head $options $request $label $ret
            [$($before)* crate::vocabulary::xfail();] $after $kind { $($($rest)*)? }
        }
    };
    (@ $head:tt $options:tt $request:tt $label:tt $ret:tt [$($before:tt)*] $after:tt $kind:tt
     { hang $(; $($rest:tt)*)? }) => {
        a_fixture! {
            @ $head $options $request $label $ret
            [$($before)* ::std::future::pending::<()>().await;] $after $kind { $($($rest)*)? }
        }
    };
    (@ ($async:tt $pause:tt $name:ident $params:tt)
     $options:tt $request:tt $label:tt $ret:tt $before:tt [$($after:tt)*] $kind:tt
     { raise_td $(; $($rest:tt)*)? }) => {
        a_fixture! {
            @ ($async $pause $name $params) $options $request $label $ret $before
            [$($after)* crate::vocabulary::raise(concat!("teardown ", stringify!($name)));]
            $kind { $($($rest)*)? }
        }
    };
    (@ ($async:tt $pause:tt $name:ident $params:tt)
     $options:tt $request:tt $label:tt $ret:tt $before:tt [$($after:tt)*] $kind:tt
     { err_td $(; $($rest:tt)*)? }) => {
        a_fixture! {
            @ ($async $pause $name $params) $options $request $label
            [::itest::Result<crate::vocabulary::Made>] $before
            [$($after)* crate::vocabulary::err(concat!("teardown ", stringify!($name)))?;]
            $kind { $($($rest)*)? }
        }
    };
    (@ $head:tt $options:tt $request:tt $label:tt $ret:tt $before:tt [$($after:tt)*] $kind:tt
     { skip_td $(; $($rest:tt)*)? }) => {
        a_fixture! {
            @ $head $options $request $label $ret $before
            [$($after)* crate::vocabulary::skip();] $kind { $($($rest)*)? }
        }
    };
    (@ $head:tt $options:tt $request:tt $label:tt $ret:tt $before:tt [$($after:tt)*] $kind:tt
     { hang_td $(; $($rest:tt)*)? }) => {
        a_fixture! {
            @ $head $options $request $label $ret $before
            [$($after)* ::std::future::pending::<()>().await;] $kind { $($($rest)*)? }
        }
    };
    (@ $head:tt $options:tt [] $label:tt $ret:tt [$($before:tt)*] $after:tt $kind:tt
     { fin = [$($fin:tt)*] $(; $($rest:tt)*)? }) => {
        a_fixture! {
            @ $head $options [request: &::itest::Request,] $label $ret
            [$($before)* finalizers!(request: $($fin)*);] $after $kind { $($($rest)*)? }
        }
    };
    (@ $head:tt $options:tt $request:tt $label:tt $ret:tt $before:tt $after:tt [provides]
     { returns $(; $($rest:tt)*)? }) => {
        a_fixture! {
            @ $head $options $request $label $ret $before $after [returns] { $($($rest)*)? }
        }
    };

    (@ ([$($async:tt)?] [$($pause:tt)*] $name:ident [$($param:ident)*])
     [$($option:tt)*] [$($request:tt)*] [$($label:tt)*] [$($ret:tt)*]
     [$($before:tt)*] [$($after:tt)*] [provides] {}) => {
        #[::itest::fixture($($option)*)]
        pub(crate) $($async)? fn $name(
            $($request)* $($param: &crate::vocabulary::Made),*
        ) -> $($ret)* {
            $($param.is_from(stringify!($param));)*
            $($pause)*
            crate::vocabulary::event("+", $($label)*);
            $($before)*
            ::itest::provide!(crate::vocabulary::Made::by($($label)*));
            $($pause)*
            crate::vocabulary::event("-", $($label)*);
            $($after)*
        }
    };
    (@ ([$($async:tt)?] [$($pause:tt)*] $name:ident [$($param:ident)*])
     [$($option:tt)*] [$($request:tt)*] [$($label:tt)*] [crate::vocabulary::Made]
     [$($before:tt)*] [] [returns] {}) => {
        #[::itest::fixture($($option)*)]
        pub(crate) $($async)? fn $name(
            $($request)* $($param: &crate::vocabulary::Made),*
        ) -> crate::vocabulary::Made {
            $($param.is_from(stringify!($param));)*
            $($pause)*
            crate::vocabulary::event("+", $($label)*);
            $($before)*
            crate::vocabulary::Made::by($($label)*)
        }
    };
    (@ ([$($async:tt)?] [$($pause:tt)*] $name:ident [$($param:ident)*])
     [$($option:tt)*] [$($request:tt)*] [$($label:tt)*] [$($ret:tt)*]
     [$($before:tt)*] [] [returns] {}) => {
        #[::itest::fixture($($option)*)]
        pub(crate) $($async)? fn $name(
            $($request)* $($param: &crate::vocabulary::Made),*
        ) -> $($ret)* {
            $($param.is_from(stringify!($param));)*
            $($pause)*
            crate::vocabulary::event("+", $($label)*);
            $($before)*
            Ok(crate::vocabulary::Made::by($($label)*))
        }
    };
}

/// A test that tells that its body runs.
///
/// Clauses: what `#[integration]` takes (`uses`, `retries`, `timeout`, `flavor`, `markers`);
/// of its body `fail`, `err`, `skip`, `xfail`, `hang`; `fin = [a, b !]` as of fixtures.
macro_rules! a_test {
    ($(#[$($attribute:tt)*])* async $name:ident($($param:ident),*) $({ $($clauses:tt)* })?) => {
        a_test! {
            @ ([$(#[$($attribute)*])*] [async] [crate::vocabulary::pause().await;]
               $name [$($param)*])
            [] [] [] [] [] { $($($clauses)*)? }
        }
    };
    ($(#[$($attribute:tt)*])* $name:ident($($param:ident),*) $({ $($clauses:tt)* })?) => {
        a_test! {
            @ ([$(#[$($attribute)*])*] [] [] $name [$($param)*])
            [] [] [] [] [] { $($($clauses)*)? }
        }
    };

    (@ $head:tt [$($option:tt)*] $request:tt $ret:tt $body:tt $tail:tt
     { markers $markers:tt $(; $($rest:tt)*)? }) => {
        a_test! {
            @ $head [$($option)* markers $markers,] $request $ret $body $tail { $($($rest)*)? }
        }
    };
    (@ $head:tt [$($option:tt)*] $request:tt $ret:tt $body:tt $tail:tt
     { uses $uses:tt $(; $($rest:tt)*)? }) => {
        a_test! {
            @ $head [$($option)* uses $uses,] $request $ret $body $tail { $($($rest)*)? }
        }
    };
    (@ $head:tt $options:tt $request:tt $ret:tt [$($body:tt)*] $tail:tt
     { fail $(; $($rest:tt)*)? }) => {
        a_test! {
            @ $head $options $request $ret [$($body)* crate::vocabulary::raise("in the test");]
            $tail { $($($rest)*)? }
        }
    };
    (@ $head:tt $options:tt $request:tt $ret:tt [$($body:tt)*] $tail:tt
     { err $(; $($rest:tt)*)? }) => {
        a_test! {
            @ $head $options $request [-> ::itest::Result]
            [$($body)* crate::vocabulary::err("in the test")?;] [Ok(())] { $($($rest)*)? }
        }
    };
    (@ $head:tt $options:tt $request:tt $ret:tt [$($body:tt)*] $tail:tt
     { skip $(; $($rest:tt)*)? }) => {
        a_test! {
            @ $head $options $request $ret [$($body)* crate::vocabulary::skip();]
            $tail { $($($rest)*)? }
        }
    };
    (@ $head:tt $options:tt $request:tt $ret:tt [$($body:tt)*] $tail:tt
     { xfail $(; $($rest:tt)*)? }) => {
        a_test! {
            @ $head $options $request $ret [$($body)* crate::vocabulary::xfail();]
            $tail { $($($rest)*)? }
        }
    };
    (@ $head:tt $options:tt $request:tt $ret:tt [$($body:tt)*] $tail:tt
     { hang $(; $($rest:tt)*)? }) => {
        a_test! {
            @ $head $options $request $ret
            [$($body)* ::std::future::pending::<()>().await;] $tail { $($($rest)*)? }
        }
    };
    (@ $head:tt $options:tt [] $ret:tt [$($body:tt)*] $tail:tt
     { fin = [$($fin:tt)*] $(; $($rest:tt)*)? }) => {
        a_test! {
            @ $head $options [request: &::itest::Request,] $ret
            [$($body)* finalizers!(request: $($fin)*);] $tail { $($($rest)*)? }
        }
    };
    (@ $head:tt [$($option:tt)*] $request:tt $ret:tt $body:tt $tail:tt
     { $key:ident = $value:tt $(; $($rest:tt)*)? }) => {
        a_test! {
            @ $head [$($option)* $key = $value,] $request $ret $body $tail { $($($rest)*)? }
        }
    };

    (@ ([$($attribute:tt)*] [$($async:tt)?] [$($pause:tt)*] $name:ident [$($param:ident)*])
     [$($option:tt)*] [$($request:tt)*] [$($ret:tt)*] [$($body:tt)*] [$($tail:tt)*] {}) => {
        #[::itest::integration($($option)*)]
        $($attribute)*
        $($async)? fn $name(
            $($request)* $($param: &crate::vocabulary::Made),*
        ) $($ret)* {
            $($param.is_from(stringify!($param));)*
            $($pause)*
            crate::vocabulary::event("=", stringify!($name));
            $($body)*
            $($tail)*
        }
    };
}

/// Defers one finalizer after the other; those with `!` panic.
macro_rules! finalizers {
    ($request:ident:) => {};
    ($request:ident: $fin:ident ! $(, $($rest:tt)*)?) => {
        $request.defer(async {
            crate::vocabulary::event("~", stringify!($fin));
            crate::vocabulary::raise(concat!("fin ", stringify!($fin)));
        });
        finalizers!($request: $($($rest)*)?)
    };
    ($request:ident: $fin:ident $(, $($rest:tt)*)?) => {
        $request.defer(async {
            crate::vocabulary::event("~", stringify!($fin));
        });
        finalizers!($request: $($($rest)*)?)
    };
}

/// Appends one event.
pub(crate) fn event(kind: &str, name: &str) {
    let Some(path) = std::env::var_os(EVENTS) else {
        return;
    };
    let mut file = OpenOptions::new()
        .append(true)
        .open(path)
        .expect("the file of events should be there");
    file.write_all(format!("{kind}{name}\n").as_bytes())
        .expect("the event should be written");
}

/// Whether this case is the one that runs; for fixtures that reach beyond their case.
pub(crate) fn is_running(id: &str) -> bool {
    std::env::var(CASE).is_ok_and(|running| running == id)
}

/// The variable that makes [`is_running`] true.
pub(crate) fn running(id: &str) -> (&'static str, &str) {
    (CASE, id)
}

/// What the fixtures provide: knows who made it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Made {
    by: String,
}

impl Made {
    pub(crate) fn by(label: &str) -> Self {
        Made {
            by: label.to_owned(),
        }
    }

    /// Checks that the request got this fixture, one of those labelled `name.…` perhaps.
    #[track_caller]
    pub(crate) fn is_from(&self, name: &str) {
        let by = self.by.split('.').next();
        assert_eq!(by, Some(name), "a request got the value of another fixture");
    }

    /// Checks that it is exactly this fixture's.
    #[track_caller]
    pub(crate) fn is_exactly(&self, label: &str) {
        assert_eq!(self.by, label, "a request got the value of another fixture");
    }
}

/// Its drop is its teardown.
#[derive(Debug)]
pub(crate) struct Dropped(pub(crate) &'static str);

impl Drop for Dropped {
    fn drop(&mut self) {
        event("-", self.0);
    }
}

/// Lets others run, so that an async function really waits.
pub(crate) async fn pause() {
    tokio::task::yield_now().await;
}

/// Panics, but the compiler does not know.
#[track_caller]
pub(crate) fn raise(message: &str) {
    panic!("{message}");
}

pub(crate) fn err(message: &str) -> itest::Result {
    Err(message.into())
}

/// `skip!`, but the compiler does not know.
pub(crate) fn skip() {
    itest::skip!("skipped at run time");
}

/// `xfail!`, but the compiler does not know.
pub(crate) fn xfail() {
    itest::xfail!("known to fail");
}
