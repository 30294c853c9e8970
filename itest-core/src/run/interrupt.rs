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
/// By a handler, not by a thread that waits for blocked signals: what is blocked here would be
/// blocked in every process that a test starts.
#[cfg(unix)]
#[expect(unsafe_code, reason = "std has no signals")]
pub(crate) fn watch(on_signal: impl Fn(i32) + Send + 'static) {
    use std::io::Read;
    use std::os::fd::IntoRawFd;

    if cfg!(miri) {
        // It has no signals.
        return;
    }
    const SIGNALS: [i32; 4] = [libc::SIGINT, libc::SIGTERM, libc::SIGHUP, libc::SIGQUIT];

    let (mut noted, notes) = std::io::pipe().expect("a pipe should be made");
    NOTES.store(notes.into_raw_fd(), Ordering::Release);
    let wait = move || {
        let mut signal = [0];
        while noted.read_exact(&mut signal).is_ok() {
            on_signal(i32::from(signal[0]));
        }
    };
    let spawned = crate::thread::spawn("itest-signals", Box::new(wait));
    spawned.expect("the signal thread should start");
    for signal in SIGNALS {
        if signal == libc::SIGHUP && handler_of(signal) == libc::SIG_IGN {
            // `nohup` has asked for it.
            continue;
        }
        // SAFETY: zeroed is a valid value; `note` does only what a handler may.
        unsafe {
            let mut action: libc::sigaction = std::mem::zeroed();
            action.sa_sigaction = note as extern "C" fn(i32) as usize;
            action.sa_flags = libc::SA_RESTART;
            libc::sigaction(signal, &raw const action, std::ptr::null_mut());
        }
    }
}

/// Where the handler writes; never closed.
#[cfg(unix)]
static NOTES: AtomicI32 = AtomicI32::new(-1);

#[cfg(unix)]
#[expect(unsafe_code, reason = "only system calls are allowed in a handler")]
extern "C" fn note(signal: i32) {
    // A test that handles this signal itself, and has found us before it, probably raised it.
    if handler_of(signal) != note as extern "C" fn(i32) as usize {
        return;
    }
    // The numbers of our signals are small.
    let byte = signal as u8;
    // SAFETY: a plain system call, of one byte that is there.
    unsafe {
        libc::write(NOTES.load(Ordering::Acquire), (&raw const byte).cast(), 1);
    }
}

#[cfg(unix)]
#[expect(unsafe_code, reason = "std has no signals")]
fn handler_of(signal: i32) -> usize {
    let mut action = std::mem::MaybeUninit::<libc::sigaction>::zeroed();
    // SAFETY: only asks; `action` is zeroed, which is a valid value, and is written on success.
    let action = unsafe {
        libc::sigaction(signal, std::ptr::null(), action.as_mut_ptr());
        action.assume_init()
    };
    action.sa_sigaction
}

/// No signals here.
#[cfg(not(unix))]
pub(crate) fn watch(_: impl Fn(i32) + Send + 'static) {}
