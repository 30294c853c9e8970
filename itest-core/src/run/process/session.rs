//! [`Session`]: the session of a run that a dispatcher owns.

use std::io;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::cli::Args;
use crate::run::dispatcher::Work;
use crate::run::say;
use crate::session::{Hosts, Owner, Program, Run};

/// The session of a dispatcher's run, one for all of its binaries.
pub(super) struct Session {
    run: Run,
    /// `None` where no test needs a session fixture.
    owner: Option<Owner>,
}

impl Session {
    /// Has hosts ready for the session fixtures that the tests need, and sets them up if
    /// `work.early_setup` says so.
    pub(super) fn new(work: &Work, args: &Args) -> io::Result<Self> {
        let shared = Run::of_cargo(args.share);
        let is_shared = shared.is_some();
        let run = shared.unwrap_or_else(Run::owned);
        let needs_any = |suite: &&crate::run::suite::Suite| !suite.summary.session.is_empty();
        let mut suites = work.suites.iter().filter(needs_any).peekable();
        if suites.peek().is_none() && !work.is_joined {
            return Ok(Session { run, owner: None });
        }
        let hosts = Arc::new(Hosts::new(run.clone()));
        let owner = match is_shared {
            true => Owner::guest(hosts),
            false => Owner::new(hosts)?,
        };
        owner.subscribe(work.events.clone())?;
        let suites: Vec<_> = suites.collect();
        let left = Arc::new(AtomicUsize::new(suites.len()));
        for suite in suites {
            let (left, schedule) = (left.clone(), work.schedule.clone());
            let ready = move || {
                if left.fetch_sub(1, Ordering::AcqRel) == 1 {
                    schedule.session_is_there();
                }
            };
            let set_up = work
                .early_setup
                .then(|| Box::new(ready) as Box<dyn FnOnce() + Send>);
            let program = Program::of(&suite.launch)?.printing(!args.capture);
            owner.prepare(program, suite.summary.session.clone(), set_up);
        }
        Ok(Session {
            run,
            owner: Some(owner),
        })
    }

    /// The run of which the workers are a part.
    pub(super) fn run(&self) -> &Run {
        &self.run
    }

    /// Makes a process that is no worker a part of the run.
    pub(super) fn join(&self, command: &mut Command) {
        if self.owner.is_some() {
            self.run.pass_to(command);
        }
    }

    /// Cancels setups.
    pub(super) fn cancel(&self) {
        if let Some(owner) = &self.owner {
            owner.cancel();
        }
    }

    /// Tears down all session fixtures that end with this run. What goes wrong comes as events.
    pub(super) fn finish(&self) {
        if let Some(owner) = &self.owner
            && let Err(error) = owner.finish(None)
        {
            say(&format!("error: the session cannot be ended: {error}"));
        }
    }
}
