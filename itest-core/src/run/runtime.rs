//! The async runtimes: a shared one that outlives the tests, and private ones on request.
//!
//! Everything wider than a test, and every test that does not ask otherwise, runs on the shared
//! runtime: its future is polled on the test's own thread, what it spawns goes to the runtime's
//! threads. Those keep going while no test awaits, so a server that a fixture spawned answers a
//! test that blocks, and a pool made by a wide fixture stays usable in every test.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::OnceLock;
use std::task::Poll;
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};

use super::panic::{Stop, catch};
use super::{interrupt, leaks};
use crate::channel;
use crate::outcome::{Failure, FailureKind};

static SHARED: OnceLock<Runtime> = OnceLock::new();

/// The shared runtime; the first call starts it with so many threads.
fn shared(threads: usize) -> &'static Runtime {
    SHARED.get_or_init(|| {
        let mut builder = Builder::new_multi_thread();
        builder
            .worker_threads(threads.max(1))
            .thread_name("itest-runtime")
            .enable_all();
        leaks::ours(|| builder.build()).expect("the async runtime should start")
    })
}

/// Which runtime some code runs on.
#[derive(Debug, Clone, Copy)]
pub(crate) enum On<'a> {
    /// The shared one, started with so many threads.
    Shared { threads: usize },
    /// A test's own, polled on its thread.
    Private(&'a Runtime),
}

impl On<'_> {
    /// Runs an async setup or test, at most for `limit` and until the run is interrupted.
    pub(crate) fn block_on_or_cancel<T>(
        self,
        limit: Option<Duration>,
        future: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Stop> {
        let mut future = pin!(future);
        let or_cancel = poll_fn(|cx| match future.as_mut().poll(cx) {
            Poll::Pending => interrupt::poll_interrupted(cx).map(Err),
            ready => ready,
        });
        self.block_on(limit, or_cancel)
    }

    /// Runs async user code, at most for `limit`.
    pub(crate) fn block_on<T>(
        self,
        limit: Option<Duration>,
        future: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Stop> {
        let mut future = pin!(future);
        let mut value = None;
        let kept = poll_fn(|cx| match future.as_mut().poll(cx) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(result) => Poll::Ready(result.map(|it| value = Some(it))),
        });
        self.poll_to_end(limit, pin!(kept))?;
        Ok(value.expect("itest bug: a future that ended well left nothing"))
    }

    /// What is polled has no type here: runtimes are compiled for each.
    fn poll_to_end(
        self,
        limit: Option<Duration>,
        future: Pin<&mut dyn Future<Output = Result<(), Failure>>>,
    ) -> Result<(), Stop> {
        let runtime = match self {
            On::Shared { threads } => shared(threads),
            On::Private(runtime) => runtime,
        };
        catch(|| {
            runtime.block_on(async {
                match limit {
                    None => future.await,
                    Some(limit) => match tokio::time::timeout(limit, future).await {
                        Ok(result) => result,
                        Err(_) => Err(timed_out(limit)),
                    },
                }
            })
        })
    }

    /// Runs sync user code in the runtime's context, so that it can spawn, and drop handles.
    pub(crate) fn enter<T>(self, code: impl FnOnce() -> Result<T, Failure>) -> Result<T, Stop> {
        let _context = match self {
            // Before any async code has run, no runtime is needed.
            On::Shared { .. } => SHARED.get().map(Runtime::enter),
            On::Private(runtime) => Some(runtime.enter()),
        };
        catch(code)
    }
}

/// Starts the shared runtime if it does not run yet.
pub(crate) fn start(threads: usize) {
    shared(threads);
}

/// How many tasks live on the shared runtime.
pub(crate) fn tasks() -> usize {
    let runtime = SHARED.get();
    runtime.map_or(0, |runtime| runtime.metrics().num_alive_tasks())
}

/// Lets go on what is ready to: tasks of the shared runtime, other threads.
///
/// Tells whether the runtime's threads go on; a task that blocks them does not block us.
pub(crate) fn pass() -> bool {
    /// Much longer than it takes on a busy machine.
    const LIMIT: Duration = Duration::from_millis(500);
    std::thread::yield_now();
    let Some(runtime) = SHARED.get() else {
        return true;
    };
    let (passed, passes) = channel::channel();
    runtime.spawn(async move {
        let _ = passed.send(());
    });
    passes.recv_timeout(LIMIT).is_ok()
}

/// A runtime for one test with `flavor = "current_thread"`.
pub(crate) fn private() -> Runtime {
    leaks::ours(|| Builder::new_current_thread().enable_all().build())
        .expect("the async runtime should start")
}

pub(crate) fn timed_out(limit: Duration) -> Failure {
    Failure::new(FailureKind::Timeout, format!("timed out after {limit:?}"))
}
