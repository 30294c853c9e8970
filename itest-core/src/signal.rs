//! `skip!` and `xfail!`: leaving a test or fixture early with a verdict of its own.
//!
//! They unwind with a payload that the executor knows; the panic hook is not run.

use std::any::Any;
use std::panic::resume_unwind;

/// The payload that `skip!` and `xfail!` unwind with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Signal {
    Skip(String),
    Xfail(String),
}

impl Signal {
    pub(crate) fn from_payload(payload: Box<dyn Any + Send>) -> Result<Self, Box<dyn Any + Send>> {
        payload.downcast().map(|signal| *signal)
    }
}

/// What `skip!` expands to.
pub fn skip(reason: String) -> ! {
    resume_unwind(Box::new(Signal::Skip(reason)))
}

/// What `xfail!` expands to.
pub fn xfail(reason: String) -> ! {
    resume_unwind(Box::new(Signal::Xfail(reason)))
}

/// Skips the running test, or from a fixture every test that needs it; takes what `format!` takes.
///
/// The test counts as skipped, fixtures that are set up are torn down as ever. In a binary with
/// the default harness (drop-in mode), libtest has no skip at run time: the reason is printed and
/// the test counts as passed. Works on the test's own thread only, and needs unwinding: with
/// `panic = "abort"` the process ends.
///
/// ```
/// use itest::prelude::*;
///
/// #[integration]
/// fn talks_to_the_printer() {
///     let Ok(printer) = std::env::var("PRINTER") else {
///         itest::skip!("no PRINTER on this machine");
///     };
///     assert!(printer.starts_with("ipp:"));
/// }
/// ```
#[macro_export]
macro_rules! skip {
    () => { $crate::__private::skip(::std::string::String::new()) };
    ($($reason:tt)+) => { $crate::__private::skip(::std::format!($($reason)+)) };
}

/// Ends the running test as an expected failure; takes what `format!` takes.
///
/// pytest's imperative `xfail`. The attribute `#[xfail]` says the same of a whole test.
///
/// ```
/// use itest::prelude::*;
///
/// #[integration]
/// fn rounds_to_even() {
///     if cfg!(windows) {
///         itest::xfail!("the C runtime rounds up");
///     }
///     assert_eq!(format!("{:.0}", 2.5), "2");
/// }
/// ```
#[macro_export]
macro_rules! xfail {
    () => { $crate::__private::xfail(::std::string::String::new()) };
    ($($reason:tt)+) => { $crate::__private::xfail(::std::format!($($reason)+)) };
}

/// Hands a fixture's value over: above it is setup, below it teardown.
///
/// Only inside a `#[fixture]` function, once, and not in a loop, a closure or an `async` block.
/// The run happens here; at the end of the scope the macro evaluates to the value, and the rest
/// of the function tears down. See [`macro@crate::fixture`].
///
/// ```
/// use itest::prelude::*;
///
/// #[fixture]
/// fn scratch() -> std::io::Result<std::fs::File> {
///     let path = std::env::temp_dir().join(format!("scratch-{}", std::process::id()));
///     let file = provide!(std::fs::File::create(&path)?);
///     drop(file);
///     std::fs::remove_file(path)?;
/// }
/// ```
#[macro_export]
macro_rules! provide {
    ($($value:tt)*) => {
        ::core::compile_error!("`provide!` works only inside a `#[fixture]` function")
    };
}
