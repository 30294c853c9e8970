//! [`Host`]: a thread that sets up and tears down fixtures which several executors use.
//!
//! Fixtures of that width stay on this thread from setup to teardown; users get a copy (session)
//! or a handle to the shared value.

use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use super::runtime::On;
use super::store::{Fetched, For, Holds, SetupStop, Shared, Store, Upstream};
use crate::outcome::FixtureError;
use crate::plan::NodeId;

/// Starts its thread when it is first asked for something.
pub(crate) struct Host {
    state: Mutex<State>,
}

/// Where the session fixtures of this process's tests are.
#[derive(Clone)]
pub(crate) enum Session {
    /// On a thread of this process, which is the whole run.
    Here(Arc<Host>),
    /// In a host that all processes of the run share.
    #[cfg(unix)]
    Shared(Arc<crate::session::Client>),
}

impl Session {
    pub(crate) fn new(shared: &Shared) -> Self {
        #[cfg(unix)]
        if let Some(run) = crate::session::run_id() {
            let client = crate::session::Client::new(run, shared.plan.clone());
            return Session::Shared(Arc::new(client));
        }
        Session::Here(Arc::new(Host::new(shared.clone(), Holds::Session, None)))
    }

    pub(crate) fn upstream(&self) -> Arc<dyn Upstream> {
        match self {
            Session::Here(host) => host.clone(),
            #[cfg(unix)]
            Session::Shared(client) => client.clone(),
        }
    }

    /// Tears down what is here, as [`Host::end`] does; what is shared outlives this process.
    pub(crate) fn end(
        &self,
        limit: Option<Duration>,
    ) -> Result<Vec<FixtureError>, RecvTimeoutError> {
        match self {
            Session::Here(host) => host.end(limit),
            #[cfg(unix)]
            Session::Shared(_) => Ok(Vec::new()),
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
            let (sender, asked) = mpsc::channel();
            let State::Waiting(store) = std::mem::replace(&mut *state, State::Running(sender))
            else {
                unreachable!("it was waiting just now");
            };
            thread::Builder::new()
                .name(name.to_owned())
                .spawn(move || serve(store(), &asked))
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
        let (reply, answer) = mpsc::channel();
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
        let (reply, answer) = mpsc::channel();
        sender
            .send(Ask::Fetch { node, test, reply })
            .expect("itest bug: the fixture thread is gone");
        answer
            .recv()
            .expect("itest bug: the fixture thread is gone")
    }
}

fn serve(mut store: Store, asked: &Receiver<Ask>) {
    for ask in asked {
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
        on,
    };
    store.ensure_fetched(node, user)
}

impl std::fmt::Debug for Host {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Host")
    }
}
