//! The crew of `--in-process`: executors are threads, and nothing is captured.

use std::borrow::Cow;
use std::io;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::dispatcher::{Crew, END_LIMIT, Work, say};
use super::events::Message;
use super::executor::{Executor, finished};
use super::host::Session;
use super::interrupt;
use super::leaks::{self, Watch};
use super::schedule::Schedule;
use super::store::{Holds, Shared};
use crate::channel::Sender;
use crate::cli::Args;
use crate::outcome::Outcome;
use crate::plan::{HeldLock, Plan};
use crate::report;

/// See the [module](self).
pub(super) struct Threads {
    shared: Shared,
    schedule: Arc<Schedule>,
    session: Session,
    /// Of each test, where other processes are a part of the run.
    locks: Vec<Cow<'static, [HeldLock]>>,
    args: Args,
    /// How many executors there are.
    executors: usize,
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
        let asked = args.leaks.all.or(args.leaks.default);
        if work.executors > 1 && asked.is_some_and(|leaks| leaks.is_on()) {
            say(
                "warning: leaks are not looked for: tests that run at the same time in one \
                 process cannot be told apart\n  help: without `--in-process`, or with \
                 `--test-threads=1`, they are",
            );
        }
        let mut locks = Vec::new();
        for suite in work.suites {
            locks.extend(suite.summary.tests.into_iter().map(|test| test.locks));
        }
        Ok(Threads {
            session: Session::in_process(&shared, args.share)?,
            shared,
            schedule: work.schedule,
            locks,
            args: args.clone(),
            executors: work.executors,
        })
    }
}

/// Which of the runner's places this process has, where each test is a process of its own.
fn slot() -> usize {
    let slot =
        report::run_of_processes().and_then(|_| std::env::var("NEXTEST_TEST_GLOBAL_SLOT").ok());
    slot.and_then(|slot| slot.parse().ok()).unwrap_or(0)
}

impl Crew for Threads {
    fn work(&self, number: usize) {
        let mut shared = self.shared.clone();
        shared.events = shared.events.of_worker(slot() + number);
        let events = shared.events.clone();
        let mut held = None;
        let mut executor = Executor::new(
            shared,
            // The schedule holds the locks.
            None,
            self.args.require.clone(),
            Watch::new(&self.args, self.executors == 1),
            Holds::Worker,
            Some(self.session.upstream()),
        );
        while interrupt::interrupted().is_none()
            && let Some(batch) = self.schedule.next(number)
        {
            let started = Instant::now();
            for &index in &batch.tests {
                if interrupt::interrupted().is_some() {
                    break;
                }
                // All at once: what was held for the one before is not needed any more.
                drop(held.take());
                let outcome = match leaks::ours(|| self.session.acquire(&self.locks[index])) {
                    Ok(locks) => {
                        held = locks;
                        executor.run(index).outcome
                    }
                    Err(failure) => {
                        let name = self.shared.plan.tests[index].name.clone();
                        let outcome = Outcome::Failed { failure };
                        let ended = outcome.clone();
                        events.send(|| finished(name, ended, Duration::ZERO, String::new()));
                        outcome
                    }
                };
                if outcome.is_failure() {
                    self.schedule.failed();
                }
            }
            self.schedule.took(batch.tests.len(), started.elapsed());
        }
        executor.finish();
        drop(held);
    }

    fn stop(&self) {
        self.schedule.stop();
    }

    fn is_stopped(&self) -> bool {
        self.schedule.is_stopped()
    }

    fn join(&self, _: &mut Command) {}

    fn finish(&self, hung: bool) -> bool {
        let ended = self.session.end(hung.then_some(END_LIMIT)).is_ok();
        if !ended {
            say("error: the session fixtures were not torn down in time");
        }
        ended
    }
}
