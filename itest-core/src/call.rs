//! [`Call`]: how the one function of a test knows what it is called for.
//!
//! The macro makes a single function of each test, without parameters: every function costs the
//! compiler, and there are thousands of tests. In drop-in mode it is the `#[test]` too, and is
//! called twice: libtest calls it to have the test run, and what runs the test calls it to have
//! the body. [`call`] announces itself on its thread first, so that the two differ.

use std::cell::Cell;
use std::fmt;
use std::path::PathBuf;
use std::pin::{Pin, pin};
use std::ptr::NonNull;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::def::TestDef;
use crate::outcome::Failure;
use crate::value::{Arg, Args};

/// A test's future with its result.
pub(crate) type TestFuture<'a> = Pin<&'a mut (dyn Future<Output = Result<(), Failure>> + 'a)>;

/// What a test's function has to say of its body.
pub(crate) enum Said<'a> {
    /// It is to be awaited.
    Future(TestFuture<'a>),
    /// It has returned.
    Returned(Result<(), Failure>),
}

/// Told what a body says; not at all by one that returns nothing, or panics.
type Listener<'a> = &'a mut dyn FnMut(Said<'_>);

/// A call that its function has not taken up yet.
struct Pending<'a> {
    args: Option<Args>,
    listener: Listener<'a>,
}

thread_local! {
    static UNDER_WAY: Cell<Option<NonNull<Pending<'static>>>> = const { Cell::new(None) };
}

/// Runs the body of a test.
pub(crate) fn call(test: &'static TestDef, args: Args, listener: Listener<'_>) {
    let mut pending = Pending {
        args: Some(args),
        listener,
    };
    // The pointer is taken up in the call that follows and nowhere else.
    UNDER_WAY.set(Some(NonNull::from(&mut pending).cast()));
    (test.entry)();
    let missed = UNDER_WAY.take();
    assert!(missed.is_none(), "itest bug: a test was not called");
}

/// `itest::main!()` is here, so nobody but [`call`] calls a test.
static HAS_OWN_MAIN: AtomicBool = AtomicBool::new(false);

/// Said by `itest::main!()` before anything else.
pub(crate) fn runs_by_itself() {
    HAS_OWN_MAIN.store(true, Ordering::Relaxed);
}

/// What the function of a test does first: `None` if there is nothing left to do.
///
/// # Panics
/// When user code calls the test.
pub fn entry(test: &'static TestDef) -> Option<Call> {
    if let Some(pending) = UNDER_WAY.take() {
        return Some(Call::take_up(pending));
    }
    assert!(
        !HAS_OWN_MAIN.load(Ordering::Relaxed),
        "the test `{}` is called by other code, but only the runner can run it\n\
         help: move what it does into a function that both call",
        test.name
    );
    crate::dropin::run_test(test);
    None
}

/// Whether the body of a test is to run now; of one that takes and returns nothing.
pub fn runs(test: &'static TestDef) -> bool {
    entry(test).is_some()
}

/// All that an async test does that takes and returns nothing.
pub fn run(test: &'static TestDef, future: Pin<&mut dyn Future<Output = ()>>) {
    if let Some(mut call) = entry(test) {
        call.unit(future);
    }
}

/// All that an async test does that takes nothing.
pub fn run_returning<R>(
    test: &'static TestDef,
    future: Pin<&mut dyn Future<Output = R>>,
    into_result: fn(R) -> Result<(), Failure>,
) {
    if let Some(mut call) = entry(test) {
        call.returned(future, into_result);
    }
}

/// Tells the compiler what a block returns, in a branch that is never taken.
pub fn unreached<R>() -> R {
    unreachable!("itest bug: a branch that is never taken")
}

/// The call of a test: its values, and who hears of its result.
///
/// A future stays where the generated code has made it; behind the pointer it has lost its type,
/// so that what awaits it is compiled once and not for every test.
pub struct Call {
    args: Args,
    pending: NonNull<Pending<'static>>,
}

#[expect(
    unsafe_code,
    reason = "the function of a test is called by libtest too, so it has no parameters"
)]
impl Call {
    fn take_up(mut pending: NonNull<Pending<'static>>) -> Self {
        // SAFETY: set by `call`, which is below us on this very thread's stack, and taken once.
        let args = unsafe { pending.as_mut() }.args.take();
        Call {
            args: args.expect("itest bug: a call was taken up twice"),
            pending,
        }
    }

    fn say(&mut self, said: Said<'_>) {
        // SAFETY: only the function that `call` has called has this value; it cannot keep it, as
        // it is generated, nor send it to another thread.
        (unsafe { self.pending.as_mut() }.listener)(said);
    }
}

impl Call {
    /// The next parameter's value.
    #[expect(
        clippy::should_implement_trait,
        reason = "a bug panics here, it does not end"
    )]
    pub fn next(&mut self) -> Arg {
        self.args.next()
    }

    /// See [`Args::index`].
    pub fn index(&self, set: usize) -> usize {
        self.args.index(set)
    }

    /// See [`Args::file`].
    pub fn file(&self, set: usize) -> PathBuf {
        self.args.file(set)
    }

    /// Runs what returns nothing.
    pub fn unit(&mut self, future: Pin<&mut dyn Future<Output = ()>>) {
        self.say(Said::Future(pin!(async {
            future.await;
            Ok(())
        })));
    }

    /// Runs what returns something.
    pub fn returned<R>(
        &mut self,
        future: Pin<&mut dyn Future<Output = R>>,
        into_result: fn(R) -> Result<(), Failure>,
    ) {
        self.say(Said::Future(pin!(async { into_result(future.await) })));
    }

    /// It has run.
    pub fn done(&mut self, result: Result<(), Failure>) {
        self.say(Said::Returned(result));
    }
}

impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Call").field(&self.args).finish()
    }
}
