//! What generated code names. Not part of the public API; changes with any version.

use std::any::Any;
use std::marker::PhantomData;

use serde::Serialize;
use serde::de::DeserializeOwned;

pub use inventory;

pub use crate::__itest_register as register_test;
pub use crate::call::{Call, entry, run, run_returning, runs, unreached};
pub use crate::chosen::{Given, GivenNumber, MakeValue};
pub use crate::condition::{Condition, SkipDef};
pub use crate::def::{
    Access, Autouse, Binding, CaseDef, CloneFn, Details, FilesDef, FixtureBody, FixtureDef,
    FixtureParam, FixtureRef, Flavor, GivenDef, GroupDef, Literal, LocalFuture, Location, Lock,
    MainDef, Marker, MarkerValue, MarkersDef, Options, ParamDef, PlainTest, SetDef, ShouldPanic,
    Submission, TestDef, TypeRef, UseDef, WithDef, Xfail,
};
pub use crate::outcome::{Failure, FailureKind};
pub use crate::register::tests;
pub use crate::scope::Scope;
pub use crate::value::{Arg, Args, Codec, Slot, Value};

/// A session value: sent to every test process.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the value of a session fixture",
    label = "does not cross process boundaries",
    note = "a session value is sent to every test process, so it must be `Serialize + DeserializeOwned`",
    note = "return something that describes it (a URL), or use `scope = \"worker\"` for a handle"
)]
pub trait SessionValue: Serialize + DeserializeOwned + Send + Sync + 'static {}

#[diagnostic::do_not_recommend]
impl<T: Serialize + DeserializeOwned + Send + Sync + 'static> SessionValue for T {}

/// A value that several tests use, perhaps from several threads.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the value of a fixture that outlives a test",
    label = "cannot be shared between threads",
    note = "a value of scope `group`, `module` or `worker` is used from several threads, so it must be `Send + Sync`",
    note = "wrap it (`Mutex`, `Arc`), or use the default scope `\"test\"`"
)]
pub trait SharedValue: Send + Sync + 'static {}

#[diagnostic::do_not_recommend]
impl<T: Send + Sync + 'static> SharedValue for T {}

/// Instantiated by generated code at the fixture's return type.
pub const fn check_session<T: SessionValue>() {}

/// Instantiated by generated code at the fixture's return type.
pub const fn check_shared<T: SharedValue>() {}

/// Splits the `Result<T, E>` that a fallible fixture returns, through any alias.
pub trait Fallible {
    /// `T`
    type Value;
    /// `E`
    type Error;
    /// The plain `Result`.
    fn into_result(self) -> Result<Self::Value, Self::Error>;
}

impl<T, E> Fallible for Result<T, E> {
    type Value = T;
    type Error = E;
    fn into_result(self) -> Result<T, E> {
        self
    }
}

/// What the code behind a `provide!` may end with: nothing, or a `Result<(), E>`.
#[diagnostic::on_unimplemented(
    message = "a fixture with `provide!` ends with `()` or `Result<(), E>`, not with `{Self}`",
    label = "the value was already provided; end the teardown with `()`, or with `Ok(())`"
)]
pub trait TeardownEnd<E> {
    /// The end of a fallible fixture.
    fn into_end(self) -> Result<(), E>;
}

impl<E> TeardownEnd<E> for () {
    fn into_end(self) -> Result<(), E> {
        Ok(())
    }
}

impl<E> TeardownEnd<E> for Result<(), E> {
    fn into_end(self) -> Result<(), E> {
        self
    }
}

/// The definition behind a `#[from(path)]`, whose type must be the parameter's.
pub const fn bind<T: ?Sized + 'static>(fixture: FixtureRef<T>) -> &'static FixtureDef {
    fixture.def()
}

/// A test or fixture has no value of that number.
#[cold]
pub fn no_such_value() -> ! {
    panic!("itest bug: no value of that number")
}

/// Tells whether `T: Clone`: the inherent constant wins when its bound holds.
///
/// `use CannotClone as _; const CLONE: Option<CloneFn> = <ClonesOf<T>>::CLONE;`
#[derive(Debug)]
pub struct ClonesOf<T>(PhantomData<T>);

/// The fallback of [`ClonesOf`].
pub trait CannotClone {
    /// No way to clone.
    const CLONE: Option<CloneFn> = None;
}

impl<T> CannotClone for ClonesOf<T> {}

impl<T: Clone + 'static> ClonesOf<T> {
    /// How to clone.
    pub const CLONE: Option<CloneFn> = Some(clone_boxed::<T>);
}

fn clone_boxed<T: Clone + 'static>(value: &dyn Any) -> Box<dyn Any> {
    let value: &T = value
        .downcast_ref()
        .expect("itest bug: a value to clone is of another type");
    Box::new(value.clone())
}

/// The value that a string literal stands for where another type than `&str` is wanted.
///
/// As in [`returned`], the way is chosen by look-up: `From<&str>` before `FromStr`.
/// `use text::*; (&&Text::<T>::new("1")).value()`
pub mod text {
    use std::fmt::Display;
    use std::marker::PhantomData;
    use std::str::FromStr;

    use crate::plan::short_type;

    /// A literal.
    #[derive(Debug)]
    pub struct Text<T>(&'static str, PhantomData<T>);

    impl<T> Text<T> {
        /// Of a value of type `T`.
        pub const fn new(text: &'static str) -> Self {
            Text(text, PhantomData)
        }
    }

    /// `String`, `Box<str>`, …
    pub trait Converted {
        /// `T`
        type Value;
        /// Converts.
        fn value(&self) -> Self::Value;
    }

    impl<T: From<&'static str>> Converted for &&Text<T> {
        type Value = T;
        fn value(&self) -> T {
            self.0.into()
        }
    }

    /// `SocketAddr`, `Url`, …
    pub trait Parsed {
        /// `T`
        type Value;
        /// Parses.
        fn value(&self) -> Self::Value;
    }

    impl<T: FromStr<Err: Display>> Parsed for &Text<T> {
        type Value = T;
        fn value(&self) -> T {
            self.0.parse().unwrap_or_else(|error| {
                let ty = short_type(std::any::type_name::<T>());
                panic!("the value {:?} is no `{ty}`: {error}", self.0)
            })
        }
    }

    /// What a string literal can become.
    #[diagnostic::on_unimplemented(
        message = "a string literal cannot become a `{Self}`",
        label = "neither `From<&str>` nor `FromStr` with an error that can be shown"
    )]
    pub trait FromText {}

    /// Whatever is left, which is an error.
    pub trait Other {
        /// `T`
        type Value;
        /// Cannot be called.
        fn value(&self) -> Self::Value
        where
            Self::Value: FromText;
    }

    impl<T> Other for Text<T> {
        type Value = T;
        fn value(&self) -> T
        where
            T: FromText,
        {
            unreachable!("nothing implements `FromText`")
        }
    }
}

pub mod returned;

/// `itest::main!()` calls this.
pub use crate::run::main;

/// A `#[test]` calls this that stands for a test or an instance of it.
pub use crate::dropin::run as drop_in;

/// `#[skip_if]` on a plain `#[test]` calls this first.
pub use crate::dropin::skip_plain_test;

/// `data!` expands to this.
pub use crate::data::load as data;

/// `skip!` and `xfail!` call these.
pub use crate::signal::{skip, xfail};

/// Plans one module as if it were a whole binary; gives the report of what is wrong with it.
///
/// `words` are those of a command line, without the program. For itest's own tests.
pub fn plan_problems(module_path: &str, words: &[&str]) -> Option<String> {
    let words = ["itest"].iter().chain(words).map(std::ffi::OsString::from);
    let args = match crate::cli::parse(words, &|_| None) {
        Ok(crate::cli::Parsed::Run(args)) => args,
        _ => unreachable!("itest's own tests ask for a run"),
    };
    let registry = crate::registry::Registry::collect().within(module_path);
    crate::plan::Plan::new(&registry, &args)
        .err()
        .map(|error| error.to_string())
}
