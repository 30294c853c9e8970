//! Turns what a test returned, or an error of a fixture, into a `Result<_, Failure>`.
//!
//! Which way fits is chosen where the types are concrete: look-up of a method takes the first type
//! in the chain of `Deref`s that has it for this `R`, most telling first. That is done once for
//! each type and not, as with traits that have to be in scope, once for each test.
//! `returned::of::<R>().test()` is a `fn(R) -> Result<(), Failure>`.

use std::error::Error;
use std::fmt::{Debug, Display};
use std::marker::PhantomData;
use std::ops::Deref;
use std::process::{ExitCode, Termination};

use crate::outcome::{Failure, FailureKind};

/// The chain for a type.
pub const fn of<R>() -> ErrorReturned<R> {
    ErrorReturned(BoxedErrorReturned(DisplayReturned(DebugReturned(
        TerminationReturned(OtherReturned(PhantomData)),
    ))))
}

/// The chain for a value's type.
pub const fn like<R>(_: &R) -> ErrorReturned<R> {
    of()
}

/// An error with sources.
#[derive(Debug)]
pub struct ErrorReturned<R>(BoxedErrorReturned<R>);

/// A box or report around an error: `Box<dyn Error>`, `anyhow::Error`, `eyre::Report`.
#[derive(Debug)]
pub struct BoxedErrorReturned<R>(DisplayReturned<R>);

/// Any other text.
#[derive(Debug)]
pub struct DisplayReturned<R>(DebugReturned<R>);

/// Whatever can be debugged.
#[derive(Debug)]
pub struct DebugReturned<R>(TerminationReturned<R>);

/// What `main` could return.
#[derive(Debug)]
pub struct TerminationReturned<R>(OtherReturned<R>);

/// Whatever is left, which is an error.
#[derive(Debug)]
pub struct OtherReturned<R>(PhantomData<R>);

/// `This => Next`: what has no method for `R` leaves it to the next.
macro_rules! chain {
    ($($this:ident => $next:ident)*) => {$(
        impl<R> Deref for $this<R> {
            type Target = $next<R>;

            fn deref(&self) -> &$next<R> {
                &self.0
            }
        }
    )*};
}

chain! {
    ErrorReturned => BoxedErrorReturned
    BoxedErrorReturned => DisplayReturned
    DisplayReturned => DebugReturned
    DebugReturned => TerminationReturned
    TerminationReturned => OtherReturned
}

/// `This, Bound`: the methods for a `Result` with such an error.
macro_rules! result {
    ($this:ident, $($bound:tt)*) => {
        impl<T, E: $($bound)*> $this<Result<T, E>> {
            /// Of a fixture.
            pub fn fixture(&self) -> fn(Result<T, E>) -> Result<T, Failure> {
                |returned| returned.map_err(Self::failure)
            }

            /// Of a test.
            pub fn test(&self) -> fn(Result<T, E>) -> Result<(), Failure>
            where
                T: TestOutput,
            {
                |returned| end(returned.map_err(Self::failure)?)
            }
        }
    };
}

result!(ErrorReturned, Error);
result!(BoxedErrorReturned, Deref<Target: Error>);
result!(DisplayReturned, Display);
result!(DebugReturned, Debug);

impl<T, E: Error> ErrorReturned<Result<T, E>> {
    fn failure(error: E) -> Failure {
        Failure::from_error(&error)
    }
}

impl<T, E: Deref<Target: Error>> BoxedErrorReturned<Result<T, E>> {
    fn failure(error: E) -> Failure {
        Failure::from_error(&*error)
    }
}

impl<T, E: Display> DisplayReturned<Result<T, E>> {
    fn failure(error: E) -> Failure {
        Failure::new(FailureKind::Error, error.to_string())
    }
}

impl<T, E: Debug> DebugReturned<Result<T, E>> {
    fn failure(error: E) -> Failure {
        Failure::new(FailureKind::Error, format!("{error:?}"))
    }
}

impl<R: Termination> TerminationReturned<R> {
    /// Of a test.
    pub fn test(&self) -> fn(R) -> Result<(), Failure> {
        end
    }
}

/// What a test or its `Ok` says by itself.
fn end<T: TestOutput>(returned: T) -> Result<(), Failure> {
    // What nearly all return.
    if std::any::type_name::<T>() == "()" {
        return Ok(());
    }
    let code = returned.report();
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

/// What a test can return.
#[diagnostic::on_unimplemented(
    message = "a test cannot return `{Self}`",
    label = "not `()`, not a `Result` whose error can be printed, and no `Termination`",
    note = "a test returns nothing, `Result<(), E>` where `E` is an error or can be printed, or anything that implements `std::process::Termination`"
)]
pub trait TestOutput: Termination {}

#[diagnostic::do_not_recommend]
impl<T: Termination> TestOutput for T {}

impl<R> OtherReturned<R> {
    /// Cannot be called.
    pub fn test(&self) -> fn(R) -> Result<(), Failure>
    where
        R: TestOutput,
    {
        end
    }

    /// Cannot be called.
    pub fn fixture(&self) -> fn(R) -> Result<(), Failure>
    where
        R: TestOutput,
    {
        end
    }
}
