//! The crew of `--in-process`: executors are threads, and nothing is captured.

use std::io;
use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::time::Instant;

use super::dispatcher::{Crew, END_LIMIT, Work, say};
use super::events::Message;
use super::executor::Executor;
use super::host::Session;
use super::interrupt;
use super::schedule::Schedule;
use super::store::{Holds, Shared};
use crate::cli::{Args, Require};
use crate::plan::Plan;

/// See the [module](self).
pub(super) struct Threads {
    shared: Shared,
    schedule: Schedule,
    session: Session,
    require: Require,
    fail_fast: bool,
}

impl Threads {
    pub(super) fn new(
        plan: Arc<Plan>,
        work: Work,
        args: &Args,
        hung: Sender<Message>,
    ) -> io::Result<Self> {
        let shared = Shared {
            plan,
            events: work.events,
            on_hung: Arc::new(move |test, failure| {
                let test = test.clone();
                let _ = hung.send(Message::Hung { test, failure });
            }),
        };
        Ok(Threads {
            session: Session::in_process(&shared)?,
            shared,
            schedule: work.schedule,
            require: args.require.clone(),
            fail_fast: args.fail_fast,
        })
    }
}

impl Crew for Threads {
    fn work(&self, number: usize) {
        let mut shared = self.shared.clone();
        shared.events = shared.events.of_worker(number);
        let mut executor = Executor::new(
            shared,
            // The schedule holds the locks.
            Arc::default(),
            self.require.clone(),
            Holds::Worker,
            self.session.upstream(),
        );
        while interrupt::interrupted().is_none()
            && let Some(batch) = self.schedule.next(number)
        {
            let started = Instant::now();
            for &index in &batch.tests {
                if interrupt::interrupted().is_some() {
                    break;
                }
                let finished = executor.run(index);
                if self.fail_fast && finished.outcome.is_failure() {
                    self.stop();
                }
            }
            self.schedule.took(batch.tests.len(), started.elapsed());
        }
        executor.finish();
    }

    fn stop(&self) {
        self.schedule.stop();
    }

    fn finish(&self, hung: bool) -> bool {
        let ended = self.session.end(hung.then_some(END_LIMIT)).is_ok();
        if !ended {
            say("error: the session fixtures were not torn down in time");
        }
        ended
    }
}
