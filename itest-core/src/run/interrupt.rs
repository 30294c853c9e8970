//! Ctrl-C and SIGTERM: the first cancels what runs, so that all teardown runs; the second ends.

use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

use crate::outcome::{Failure, FailureKind};

/// The first signal, 0 before it.
static SIGNAL: AtomicI32 = AtomicI32::new(0);

/// Async user code that waits to be cancelled.
static WAITING: Mutex<Vec<Waker>> = Mutex::new(Vec::new());

/// The number of the signal that interrupted the run.
pub(crate) fn interrupted() -> Option<i32> {
    match SIGNAL.load(Ordering::Acquire) {
        0 => None,
        signal => Some(signal),
    }
}

/// Cancels async user code at its next `await`; setups and tests, not teardowns.
pub(crate) fn interrupt(signal: i32) {
    SIGNAL.store(signal, Ordering::Release);
    let mut waiting = WAITING.lock().unwrap_or_else(PoisonError::into_inner);
    waiting.drain(..).for_each(Waker::wake);
}

/// Ends when the run is interrupted. A poll function.
pub(crate) fn poll_interrupted(cx: &mut Context<'_>) -> Poll<Failure> {
    if interrupted().is_none() {
        let mut waiting = WAITING.lock().unwrap_or_else(PoisonError::into_inner);
        if !waiting.iter().any(|waker| waker.will_wake(cx.waker())) {
            waiting.push(cx.waker().clone());
        }
    }
    // Once more: it may have come before the waker was there.
    match interrupted() {
        None => Poll::Pending,
        Some(_) => Poll::Ready(failure()),
    }
}

/// Of a test that was interrupted.
pub(crate) fn failure() -> Failure {
    Failure::new(FailureKind::Interrupted, "interrupted")
}

/// Calls `on_signal` with each signal that asks the process to end.
///
/// Must be called before other threads are started: they inherit that the signals wait for us.
#[cfg(unix)]
#[expect(unsafe_code, reason = "std has no signals")]
pub(crate) fn watch(on_signal: impl Fn(i32) + Send + 'static) {
    use std::mem::MaybeUninit;

    const SIGNALS: [i32; 4] = [libc::SIGINT, libc::SIGTERM, libc::SIGHUP, libc::SIGQUIT];

    let mut set = MaybeUninit::uninit();
    // SAFETY: `set` is initialised by `sigemptyset` before it is read.
    let set = unsafe {
        libc::sigemptyset(set.as_mut_ptr());
        for signal in SIGNALS {
            libc::sigaddset(set.as_mut_ptr(), signal);
        }
        libc::pthread_sigmask(libc::SIG_BLOCK, set.as_ptr(), std::ptr::null_mut());
        set.assume_init()
    };
    let wait = move || {
        loop {
            let mut signal = 0;
            // SAFETY: both point to values of ours.
            if unsafe { libc::sigwait(&raw const set, &raw mut signal) } != 0 {
                return;
            }
            if has_handler(signal) {
                // A test handles this signal itself, and probably raised it.
                // SAFETY: runs the test's handler on this thread, which holds no lock.
                unsafe {
                    libc::pthread_sigmask(libc::SIG_UNBLOCK, &raw const set, std::ptr::null_mut());
                    libc::raise(signal);
                    libc::pthread_sigmask(libc::SIG_BLOCK, &raw const set, std::ptr::null_mut());
                }
            } else {
                on_signal(signal);
            }
        }
    };
    let spawned = std::thread::Builder::new()
        .name("itest-signals".to_owned())
        .spawn(wait);
    spawned.expect("the signal thread should start");
}

#[cfg(unix)]
#[expect(unsafe_code, reason = "std has no signals")]
fn has_handler(signal: i32) -> bool {
    let mut action = std::mem::MaybeUninit::<libc::sigaction>::zeroed();
    // SAFETY: only asks; `action` is zeroed, which is a valid value, and is written on success.
    let action = unsafe {
        libc::sigaction(signal, std::ptr::null(), action.as_mut_ptr());
        action.assume_init()
    };
    action.sa_sigaction != libc::SIG_DFL && action.sa_sigaction != libc::SIG_IGN
}

/// No signals here.
#[cfg(not(unix))]
pub(crate) fn watch(_: impl Fn(i32) + Send + 'static) {}
