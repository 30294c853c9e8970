//! What generated code names. Not part of the public API; changes with any version.

use std::any::Any;
use std::marker::PhantomData;

use serde::Serialize;
use serde::de::DeserializeOwned;

pub use inventory;

pub use crate::__itest_register as register_test;
pub use crate::call::{Call, entry};
pub use crate::chosen::{Given, GivenNumber, MakeValue};
pub use crate::condition::{Condition, SkipDef};
pub use crate::def::{
    Access, Autouse, Binding, CaseDef, CloneFn, FilesDef, FixtureBody, FixtureDef, FixtureParam,
    FixtureRef, Flavor, GivenDef, GroupDef, Literal, LocalFuture, Location, Lock, MainDef, Marker,
    MarkerValue, MarkersDef, Options, ParamDef, PlainTest, SetDef, ShouldPanic, Submission,
    TestDef, TypeRef, UseDef, WithDef, Xfail,
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

/// Turns what a test returned, or an error of a fixture, into a `Result<_, Failure>`.
///
/// Which way fits is chosen by the number of references that method look-up takes off, most
/// telling first; all in generated code, where the types are concrete.
/// `use returned::*; (&&&&&Returned::new(value)).into_result()`
#[expect(
    clippy::wrong_self_convention,
    reason = "look-up by references finds methods on a reference"
)]
pub mod returned {
    use std::cell::RefCell;
    use std::error::Error;
    use std::fmt::{Debug, Display};
    use std::ops::Deref;
    use std::process::{ExitCode, Termination};

    use crate::outcome::{Failure, FailureKind};

    /// Holds the value until a way is found.
    #[derive(Debug)]
    pub struct Returned<T>(RefCell<Option<T>>);

    impl<T> Returned<T> {
        /// Wraps.
        pub fn new(value: T) -> Self {
            Returned(RefCell::new(Some(value)))
        }

        fn take(&self) -> T {
            self.0.take().expect("itest bug: returned twice")
        }
    }

    /// An error with sources.
    pub trait ErrorReturned {
        /// `Ok`'s value.
        type Value;
        /// Converts.
        fn into_result(&self) -> Result<Self::Value, Failure>;
    }

    impl<T, E: Error> ErrorReturned for &&&&&Returned<Result<T, E>> {
        type Value = T;
        fn into_result(&self) -> Result<T, Failure> {
            self.take().map_err(|error| Failure::from_error(&error))
        }
    }

    /// A box or report around an error: `Box<dyn Error>`, `anyhow::Error`, `eyre::Report`.
    pub trait BoxedErrorReturned {
        /// `Ok`'s value.
        type Value;
        /// Converts.
        fn into_result(&self) -> Result<Self::Value, Failure>;
    }

    impl<T, E: Deref> BoxedErrorReturned for &&&&Returned<Result<T, E>>
    where
        E::Target: Error,
    {
        type Value = T;
        fn into_result(&self) -> Result<T, Failure> {
            self.take().map_err(|error| Failure::from_error(&*error))
        }
    }

    /// Any other text.
    pub trait DisplayReturned {
        /// `Ok`'s value.
        type Value;
        /// Converts.
        fn into_result(&self) -> Result<Self::Value, Failure>;
    }

    impl<T, E: Display> DisplayReturned for &&&Returned<Result<T, E>> {
        type Value = T;
        fn into_result(&self) -> Result<T, Failure> {
            self.take()
                .map_err(|error| Failure::new(FailureKind::Error, error.to_string()))
        }
    }

    /// Whatever can be debugged.
    pub trait DebugReturned {
        /// `Ok`'s value.
        type Value;
        /// Converts.
        fn into_result(&self) -> Result<Self::Value, Failure>;
    }

    impl<T, E: Debug> DebugReturned for &&Returned<Result<T, E>> {
        type Value = T;
        fn into_result(&self) -> Result<T, Failure> {
            self.take()
                .map_err(|error| Failure::new(FailureKind::Error, format!("{error:?}")))
        }
    }

    /// What `main` could return.
    pub trait TerminationReturned {
        /// Nothing.
        type Value;
        /// Converts.
        fn into_result(&self) -> Result<Self::Value, Failure>;
    }

    impl<T: Termination> TerminationReturned for &Returned<T> {
        type Value = ();
        fn into_result(&self) -> Result<(), Failure> {
            let code = self.take().report();
            // `ExitCode` has no accessor and no `PartialEq`; its `Debug` is all there is.
            if format!("{code:?}") == format!("{:?}", ExitCode::SUCCESS) {
                Ok(())
            } else {
                Err(Failure::new(
                    FailureKind::Error,
                    format!("the test returned {code:?}"),
                ))
            }
        }
    }
    /// What a test can return.
    #[diagnostic::on_unimplemented(
        message = "a test cannot return `{Self}`",
        label = "not `()`, not a `Result` whose error can be printed, and no `Termination`",
        note = "a test returns nothing, `Result<(), E>` where `E` is an error or can be printed, or anything that implements `std::process::Termination`"
    )]
    pub trait TestOutput {}

    #[diagnostic::do_not_recommend]
    impl<T: Termination> TestOutput for T {}

    /// Whatever is left, which is an error.
    pub trait OtherReturned {
        /// What it is.
        type Returned;
        /// Cannot be called.
        fn into_result(&self) -> Result<(), Failure>
        where
            Self::Returned: TestOutput;
    }

    impl<T> OtherReturned for Returned<T> {
        type Returned = T;
        fn into_result(&self) -> Result<(), Failure>
        where
            T: TestOutput,
        {
            unreachable!("what is a `TestOutput` is returned in another way")
        }
    }
}

/// `itest::main!()` calls this.
pub use crate::run::main;

/// The `#[test]` form of an `#[integration]` function calls this.
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
