//! [`watch`]: notices code that overruns its time limit and cannot be cancelled.

use std::collections::BTreeMap;
use std::sync::{Condvar, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use crate::thread;

/// How long async code may go on without yielding after it was told to stop.
pub(crate) const GRACE: Duration = Duration::from_secs(2);

struct Watchdog {
    watched: Mutex<Watched>,
    changed: Condvar,
}

#[derive(Default)]
struct Watched {
    deadlines: BTreeMap<(Instant, u64), Box<dyn FnOnce() + Send>>,
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
    watched.deadlines.insert(key, overrun);
    if watched.deadlines.first_key_value().map(|(first, _)| *first) == Some(key) {
        watchdog.changed.notify_one();
    }
    WatchGuard { watchdog, key }
}

impl Watchdog {
    fn lock(&self) -> std::sync::MutexGuard<'_, Watched> {
        self.watched.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn run(&self) {
        let mut watched = self.lock();
        loop {
            let now = Instant::now();
            let wait = match watched.deadlines.first_key_value() {
                Some(((deadline, _), _)) if *deadline <= now => {
                    if let Some((_, overrun)) = watched.deadlines.pop_first() {
                        drop(watched);
                        overrun();
                        watched = self.lock();
                    }
                    continue;
                }
                Some(((deadline, _), _)) => Some(*deadline - now),
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
    key: (Instant, u64),
}

impl Drop for WatchGuard {
    fn drop(&mut self) {
        self.watchdog.lock().deadlines.remove(&self.key);
    }
}
