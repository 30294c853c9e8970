//! [`Client`]: a test process's way to the session fixtures and locks of its run.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::hosts::{Connection, Hosts, Program};
use super::identity;
use super::protocol::{Reply, Request, Wanted};
use crate::outcome::{Failure, FailureKind, FixtureError};
use crate::plan::{HeldLock, NodeId, Plan};
use crate::run::interrupt;
use crate::run::store::{Fetched, SessionValue, SetupStop, Upstream};

/// Gets the values of session fixtures from the hosts of the run.
pub(crate) struct Client {
    hosts: Arc<Hosts>,
    /// What becomes a host where one is missing.
    program: Program,
    plan: Arc<Plan>,
    /// What was got before, and from which host: a value does not change while its host lives.
    known: Mutex<Vec<Known>>,
}

/// A value, and the number of the host that has it.
#[derive(Clone)]
struct Known {
    node: NodeId,
    host: usize,
    value: SessionValue,
}

impl Client {
    pub(crate) fn new(hosts: Arc<Hosts>, program: Program, plan: &Arc<Plan>) -> Self {
        Client {
            hosts,
            program,
            plan: plan.clone(),
            known: Mutex::default(),
        }
    }

    fn lock_known(&self) -> MutexGuard<'_, Vec<Known>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn known(&self, node: NodeId) -> Option<Known> {
        let all = self.lock_known();
        all.iter().find(|known| known.node == node).cloned()
    }

    fn ask(&self, node: NodeId, test: usize) -> Result<SessionValue, SetupStop> {
        let fixture = identity(&self.plan, node);
        let host = match self.hosts.host_for(&fixture, Some(&self.program)) {
            Ok(host) => host.expect("itest bug: a host can be started"),
            Err(error) => {
                let what = "there is no session host, the process that holds session fixtures";
                return Err(self.lost(node, test, what, &error.to_string()));
            }
        };
        let request = Request::Fetch(Wanted {
            fixture,
            test: self.plan.tests[test].name.to_string(),
        });
        match self.hosts.ask(host, &request) {
            Ok(Some(Reply::Fetched(fetch))) => {
                if !fetch.output.is_empty() {
                    eprintln!("{}", fetch.output.trim_end());
                }
                let value = fetch.answer?;
                let mut known = self.lock_known();
                known.retain(|known| known.node != node);
                known.push(Known {
                    node,
                    host,
                    value: value.clone(),
                });
                Ok(value)
            }
            Ok(Some(_)) => panic!("itest bug: a session host answered something else"),
            Ok(None) => Err(self.stop(node, test, interrupt::failure())),
            Err(error) => Err(self.dead(node, test, host, &error)),
        }
    }

    /// The host is not there any more, nor is what it held.
    fn dead(&self, node: NodeId, test: usize, host: usize, error: &io::Error) -> SetupStop {
        let what = super::DIED;
        self.lost(node, test, what, &self.hosts.how_it_ended(host, error))
    }

    fn lost(&self, node: NodeId, test: usize, what: &str, why: &str) -> SetupStop {
        let mut failure = Failure::new(FailureKind::Crash, what);
        failure.causes.push(why.to_owned());
        self.stop(node, test, failure)
    }

    fn stop(&self, node: NodeId, test: usize, failure: Failure) -> SetupStop {
        let node = self.plan.node(node);
        SetupStop::Failed(FixtureError {
            fixture: node.path(self.plan.tests[test].def),
            location: node.def.location.to_string(),
            chain: Vec::new(),
            remembered: false,
            failures: vec![failure],
        })
    }

    /// Waits until the locks of a test are free in the whole run, as far as they are about what
    /// other processes have too; holds them until the guard is dropped, or this process ends.
    ///
    /// `None` if there is none.
    ///
    /// # Errors
    /// When there is no host to keep them, and when the run is interrupted.
    pub(crate) fn acquire(&self, locks: &[HeldLock]) -> Result<Option<RunLocks<'_>>, Failure> {
        // Where no test of the binary is serial, nobody need tell that he is there.
        let needed =
            |lock: &&HeldLock| lock.is_wide() && (!lock.name.is_empty() || self.plan.has_serial);
        let needed: Vec<HeldLock> = locks.iter().filter(needed).cloned().collect();
        if needed.is_empty() {
            return Ok(None);
        }
        match self.hosts.acquire(needed, &self.program) {
            Ok(Some(connection)) => Ok(Some(RunLocks {
                hosts: &self.hosts,
                connection: Some(connection),
            })),
            Ok(None) => Err(interrupt::failure()),
            Err(error) => {
                let what = "the session host, which keeps the locks of the run, cannot be asked";
                let mut failure = Failure::new(FailureKind::Crash, what);
                failure.causes.push(error.to_string());
                Err(failure)
            }
        }
    }
}

/// Locks that are held in the whole run; released on drop.
pub(crate) struct RunLocks<'a> {
    hosts: &'a Hosts,
    connection: Option<Connection>,
}

impl Drop for RunLocks<'_> {
    fn drop(&mut self) {
        if let Some(mut connection) = self.connection.take() {
            // If that fails, the end of the connection releases them.
            if connection.ask(&Request::Release).is_ok() {
                self.hosts.put_back(connection);
            }
        }
    }
}

impl Upstream for Client {
    fn fetch(&self, node: NodeId, test: usize) -> Result<Fetched, SetupStop> {
        let value = match self.known(node) {
            Some(known) if self.hosts.is_there(known.host) => known.value,
            _ => self.ask(node, test)?,
        };
        Ok(Fetched::Session(value))
    }

    fn is_lost(&self, node: NodeId, test: usize) -> Option<SetupStop> {
        let host = self.known(node)?.host;
        if self.hosts.is_there(host) {
            return None;
        }
        let ended = io::ErrorKind::UnexpectedEof.into();
        Some(self.dead(node, test, host, &ended))
    }
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Client({:?})", self.hosts)
    }
}
