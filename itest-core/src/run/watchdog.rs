//! [`watch`]: notices code that overruns its time limit and cannot be cancelled.

use std::sync::{Condvar, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use crate::thread;

/// How long async code may go on without yielding after it was told to stop.
pub(crate) const GRACE: Duration = Duration::from_secs(2);

struct Watchdog {
    watched: Mutex<Watched>,
    changed: Condvar,
}

/// When, and a number that tells those of one time apart.
type Deadline = (Instant, u64);

#[derive(Default)]
struct Watched {
    /// In no order: there are as many as tests that run.
    all: Vec<(Deadline, Box<dyn FnOnce() + Send>)>,
    next: u64,
}

/// Calls `overrun` on a thread of its own unless the guard is dropped within `limit`.
pub(crate) fn watch(limit: Duration, overrun: impl FnOnce() + Send + 'static) -> WatchGuard {
    watch_for(limit, Box::new(overrun))
}

fn watch_for(limit: Duration, overrun: Box<dyn FnOnce() + Send>) -> WatchGuard {
    static WATCHDOG: OnceLock<&'static Watchdog> = OnceLock::new();
    let watchdog = *WATCHDOG.get_or_init(|| {
        let watchdog: &'static Watchdog = Box::leak(Box::new(Watchdog {
            watched: Mutex::default(),
            changed: Condvar::new(),
        }));
        thread::spawn("itest-watchdog", Box::new(|| watchdog.run()))
            .expect("the watchdog thread should start");
        watchdog
    });
    let mut watched = watchdog.lock();
    let key = (Instant::now() + limit, watched.next);
    watched.next += 1;
    watched.all.push((key, overrun));
    if watched.first() == Some(key) {
        watchdog.changed.notify_one();
    }
    WatchGuard { watchdog, key }
}

impl Watched {
    fn first(&self) -> Option<Deadline> {
        self.all.iter().map(|(key, _)| *key).min()
    }

    fn remove(&mut self, key: Deadline) -> Option<Box<dyn FnOnce() + Send>> {
        let index = self.all.iter().position(|(known, _)| *known == key)?;
        Some(self.all.swap_remove(index).1)
    }
}

impl Watchdog {
    fn lock(&self) -> std::sync::MutexGuard<'_, Watched> {
        self.watched.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn run(&self) {
        let mut watched = self.lock();
        loop {
            let now = Instant::now();
            let wait = match watched.first() {
                Some(first) if first.0 <= now => {
                    if let Some(overrun) = watched.remove(first) {
                        drop(watched);
                        overrun();
                        watched = self.lock();
                    }
                    continue;
                }
                Some((deadline, _)) => Some(deadline - now),
                None => None,
            };
            watched = match wait {
                Some(wait) => {
                    self.changed
                        .wait_timeout(watched, wait)
                        .unwrap_or_else(PoisonError::into_inner)
                        .0
                }
                None => self
                    .changed
                    .wait(watched)
                    .unwrap_or_else(PoisonError::into_inner),
            };
        }
    }
}

/// Ends the watch on drop.
pub(crate) struct WatchGuard {
    watchdog: &'static Watchdog,
    key: Deadline,
}

impl Drop for WatchGuard {
    fn drop(&mut self) {
        let watched = self.watchdog.lock().remove(self.key);
        drop(watched);
    }
}
