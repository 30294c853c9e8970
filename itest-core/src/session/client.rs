//! [`Client`]: a test process's way to the session fixtures and locks of its run.

use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::hosts::{Hosts, Program};
use super::identity;
use super::protocol::{Reply, Request, Wanted};
use crate::outcome::{Failure, FailureKind, FixtureError};
use crate::plan::{NodeId, Plan};
use crate::registry::crate_of;
use crate::run::store::{Fetched, SessionValue, SetupStop, Upstream};

/// Gets the values of session fixtures from the hosts of the run.
pub(crate) struct Client {
    hosts: Arc<Hosts>,
    /// What becomes a host where one is missing.
    program: Program,
    plan: Arc<Plan>,
    /// What was got before, and from which host: a value does not change while its host lives.
    known: Mutex<HashMap<NodeId, (usize, SessionValue)>>,
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

    fn known(&self) -> MutexGuard<'_, HashMap<NodeId, (usize, SessionValue)>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
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
            Ok(Reply::Fetched(fetch)) => {
                if !fetch.output.is_empty() {
                    eprintln!("{}", fetch.output.trim_end());
                }
                let value = fetch.answer?;
                self.known().insert(node, (host, value.clone()));
                Ok(value)
            }
            Ok(_) => panic!("itest bug: a session host answered something else"),
            Err(error) => Err(self.dead(node, test, host, &error)),
        }
    }

    /// The host is not there any more, nor is what it held.
    fn dead(&self, node: NodeId, test: usize, host: usize, error: &io::Error) -> SetupStop {
        let what = super::DIED;
        self.lost(node, test, what, &self.hosts.how_it_ended(host, error))
    }

    fn lost(&self, node: NodeId, test: usize, what: &str, why: &str) -> SetupStop {
        let def = self.plan.node(node).def;
        let mut failure = Failure::new(FailureKind::Crash, what);
        failure.causes.push(why.to_owned());
        SetupStop::Failed(FixtureError {
            fixture: def.path(crate_of(self.plan.tests[test].def.module_path)),
            location: def.location.to_string(),
            chain: Vec::new(),
            remembered: false,
            failures: vec![failure],
        })
    }
}

impl Upstream for Client {
    fn fetch(&self, node: NodeId, test: usize) -> Result<Fetched, SetupStop> {
        let known = self.known().get(&node).cloned();
        let value = match known {
            Some((host, value)) if self.hosts.is_there(host) => value,
            _ => self.ask(node, test)?,
        };
        Ok(Fetched::Session(value))
    }

    fn is_lost(&self, node: NodeId, test: usize) -> Option<SetupStop> {
        let (host, _) = self.known().get(&node).cloned()?;
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
