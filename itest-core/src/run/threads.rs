//! The crew of `--in-process`: executors are threads, and nothing is captured.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, PoisonError};

use super::dispatcher::{Crew, END_LIMIT, Work, say};
use super::events::Message;
use super::executor::Executor;
use super::host::Session;
use super::interrupt;
use super::locks::Locks;
use super::store::{Holds, Shared};
use crate::cli::{Args, Require};

/// See the [module](self).
pub(super) struct Threads {
    shared: Shared,
    work: Mutex<Work>,
    locks: Arc<Locks>,
    session: Session,
    require: Require,
    fail_fast: bool,
    stop: AtomicBool,
}

impl Threads {
    pub(super) fn new(work: Work, args: &Args, hung: Sender<Message>) -> Self {
        let shared = Shared {
            plan: work.plan.clone(),
            events: work.events.clone(),
            on_hung: Arc::new(move |test, failure| {
                let test = test.clone();
                let _ = hung.send(Message::Hung { test, failure });
            }),
        };
        Threads {
            session: Session::new(&shared),
            shared,
            work: Mutex::new(work),
            locks: Arc::default(),
            require: args.require.clone(),
            fail_fast: args.fail_fast,
            stop: AtomicBool::new(false),
        }
    }

    fn next_part(&self) -> Option<Vec<usize>> {
        let mut work = self.work.lock().unwrap_or_else(PoisonError::into_inner);
        work.schedule.next()
    }
}

impl Crew for Threads {
    fn work(&self, number: u32) {
        let mut shared = self.shared.clone();
        shared.events = shared.events.of_worker(number);
        let mut executor = Executor::new(
            shared,
            self.locks.clone(),
            self.require.clone(),
            Holds::Worker,
            self.session.upstream(),
        );
        let mut part = Vec::new().into_iter();
        while !self.stop.load(Ordering::Relaxed) && interrupt::interrupted().is_none() {
            let next = part.next().or_else(|| {
                part = self.next_part()?.into_iter();
                part.next()
            });
            let Some(index) = next else { break };
            let finished = executor.run(index);
            if self.fail_fast && finished.outcome.is_failure() {
                self.stop();
            }
        }
        executor.finish();
    }

    fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }

    fn finish(&self, hung: bool) -> bool {
        let ended = self.session.end(hung.then_some(END_LIMIT)).is_ok();
        if !ended {
            say("error: the session fixtures were not torn down in time");
        }
        ended
    }
}
