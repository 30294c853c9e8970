//! [`Host`]: a thread that sets up and tears down fixtures which several executors use.
//!
//! Fixtures of that width stay on this thread from setup to teardown; users get a copy (session)
//! or a handle to the shared value.

use std::io;
use std::sync::mpsc::RecvTimeoutError;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::runtime::On;
use super::store::{Fetched, For, Holds, SetupStop, Shared, Store, Upstream};
use crate::channel::{self, Receiver, Sender};
use crate::cli::{Args, Share};
use crate::dropin::teardown_text;
use crate::outcome::{Failure, FixtureError};
use crate::plan::{HeldLock, NodeId};
#[cfg(unix)]
use crate::scope::Scope;
#[cfg(unix)]
use crate::session::{Client, Hosts, Owner, Program, Run, RunLocks};
use crate::thread;

/// Starts its thread when it is first asked for something.
pub(crate) struct Host {
    state: Mutex<State>,
}

/// Where the session fixtures of this process's tests are.
#[derive(Clone)]
pub(crate) enum Session {
    /// On a thread of this process, which is the whole run.
    Here(Arc<Host>),
    /// In hosts that all processes of the run share.
    #[cfg(unix)]
    Shared(Arc<Client>),
    /// In hosts of this process's own.
    #[cfg(unix)]
    Owned(Arc<Client>, Arc<Owner>),
}

impl Session {
    /// For a process that runs tests itself.
    ///
    /// # Errors
    /// When the run cannot be joined.
    pub(crate) fn in_process(shared: &Shared, share: Share) -> io::Result<Self> {
        #[cfg(unix)]
        if let Some(run) = Run::joined(share) {
            let client = Client::new(Arc::new(Hosts::new(run)), Program::this()?, &shared.plan);
            return Ok(Session::Shared(Arc::new(client)));
        }
        Ok(Session::here(shared))
    }

    /// For a process of libtest; `args.in_process` asks for a thread.
    ///
    /// # Errors
    /// When the run cannot be joined, or there can be none.
    #[cfg_attr(not(unix), expect(unused_variables, reason = "there is only one way"))]
    pub(crate) fn drop_in(shared: &Shared, args: &Args) -> io::Result<Self> {
        #[cfg(unix)]
        {
            let plan = &shared.plan;
            let program = Program::this_drop_in(plan)?;
            if let Some(run) = Run::joined(args.share) {
                let client = Client::new(Arc::new(Hosts::new(run)), program, plan);
                return Ok(Session::Shared(Arc::new(client)));
            }
            let has_any = plan
                .nodes
                .iter()
                .any(|node| node.def.scope == Scope::Session);
            if has_any && !args.in_process && !cfg!(miri) {
                let hosts = Arc::new(Hosts::new(Run::owned()));
                let owner = Owner::new(hosts.clone())?;
                let client = Client::new(hosts, program, plan);
                return Ok(Session::Owned(Arc::new(client), Arc::new(owner)));
            }
        }
        Ok(Session::here(shared))
    }

    fn here(shared: &Shared) -> Self {
        Session::Here(Arc::new(Host::new(shared.clone(), Holds::Session, None)))
    }

    /// Waits for the locks of a test that hold in the whole run, where others are a part of it.
    ///
    /// # Errors
    /// When they cannot be had, and when the run is interrupted.
    #[cfg(unix)]
    pub(crate) fn acquire(&self, locks: &[HeldLock]) -> Result<Option<RunLocks<'_>>, Failure> {
        let Session::Shared(client) = self else {
            return Ok(None);
        };
        client.acquire(locks)
    }

    /// This process is the whole run.
    #[cfg(not(unix))]
    pub(crate) fn acquire(
        &self,
        _: &[HeldLock],
    ) -> Result<Option<std::convert::Infallible>, Failure> {
        Ok(None)
    }

    pub(crate) fn upstream(&self) -> Arc<dyn Upstream> {
        match self {
            Session::Here(host) => host.clone(),
            #[cfg(unix)]
            Session::Shared(client) | Session::Owned(client, _) => client.clone(),
        }
    }

    /// Tears down what is this process's own, waiting at most for `limit`; what is shared outlives
    /// it. Gives the text of each error.
    ///
    /// # Errors
    /// When it does not end in time.
    pub(crate) fn end(&self, limit: Option<Duration>) -> Result<Vec<String>, RecvTimeoutError> {
        match self {
            Session::Here(host) => {
                let errors = host.end(limit)?;
                Ok(errors.iter().map(teardown_text).collect())
            }
            #[cfg(unix)]
            Session::Shared(_) => Ok(Vec::new()),
            #[cfg(unix)]
            Session::Owned(_, owner) => match owner.finish(limit) {
                Ok(ended) => Ok(ended.texts()),
                Err(_) => Err(RecvTimeoutError::Timeout),
            },
        }
    }
}

enum State {
    Waiting(Box<dyn FnOnce() -> Store + Send>),
    Running(Sender<Ask>),
    Ended,
}

enum Ask {
    Fetch {
        node: NodeId,
        test: usize,
        reply: Sender<Result<Fetched, SetupStop>>,
    },
    End {
        reply: Sender<Vec<FixtureError>>,
    },
}

impl Host {
    pub(crate) fn new(shared: Shared, holds: Holds, upstream: Option<Arc<dyn Upstream>>) -> Self {
        Host {
            state: Mutex::new(State::Waiting(Box::new(move || {
                Store::new(shared, holds, upstream)
            }))),
        }
    }

    fn sender(&self, name: &str) -> Option<Sender<Ask>> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if matches!(*state, State::Waiting(_)) {
            let (sender, asked) = channel::channel();
            let State::Waiting(store) = std::mem::replace(&mut *state, State::Running(sender))
            else {
                unreachable!("it was waiting just now");
            };
            thread::spawn(name, Box::new(move || serve(store(), &asked)))
                .expect("the fixture thread should start");
        }
        match &*state {
            State::Running(sender) => Some(sender.clone()),
            State::Waiting(_) | State::Ended => None,
        }
    }

    /// Tears down everything, waiting at most for `limit`; gives the errors.
    ///
    /// # Errors
    /// When it does not end in time.
    pub(crate) fn end(
        &self,
        limit: Option<Duration>,
    ) -> Result<Vec<FixtureError>, RecvTimeoutError> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let State::Running(sender) = std::mem::replace(&mut *state, State::Ended) else {
            return Ok(Vec::new());
        };
        drop(state);
        let (reply, answer) = channel::channel();
        if sender.send(Ask::End { reply }).is_err() {
            return Ok(Vec::new());
        }
        match limit {
            Some(limit) => answer.recv_timeout(limit),
            None => answer.recv().map_err(|_| RecvTimeoutError::Disconnected),
        }
    }
}

impl Upstream for Host {
    fn fetch(&self, node: NodeId, test: usize) -> Result<Fetched, SetupStop> {
        let sender = self
            .sender("itest-fixtures")
            .expect("itest bug: a value was asked for after the end of the run");
        let (reply, answer) = channel::channel();
        sender
            .send(Ask::Fetch { node, test, reply })
            .expect("itest bug: the fixture thread is gone");
        answer
            .recv()
            .expect("itest bug: the fixture thread is gone")
    }
}

fn serve(mut store: Store, asked: &Receiver<Ask>) {
    while let Ok(ask) = asked.recv() {
        match ask {
            // Whoever asked may be gone; the value stays for the next one.
            Ask::Fetch { node, test, reply } => drop(reply.send(fetch(&mut store, node, test))),
            Ask::End { reply } => {
                let errors = store.leave(None);
                drop(store);
                let _ = reply.send(errors);
                return;
            }
        }
    }
}

/// The value that a test of another thread or process asks for.
pub(crate) fn fetch(store: &mut Store, node: NodeId, test: usize) -> Result<Fetched, SetupStop> {
    let plan = store.plan();
    let on = On::Shared {
        threads: plan.runtime_threads,
    };
    let user = For {
        test: &plan.tests[test],
        index: test,
        attempt: 1,
        on,
    };
    store.ensure_fetched(node, user)
}

impl std::fmt::Debug for Host {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Host")
    }
}
