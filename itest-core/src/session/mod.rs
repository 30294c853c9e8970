//! The session of a run: fixtures and locks that several processes share.
//!
//! Whatever runs the tests, session fixtures live in *session hosts*: processes, each of them a
//! test binary once more, in an OS session of its own and without a test's stdio. The processes of
//! a run find them in the run's [`directory`]; whoever needs a fixture that no host offers starts
//! one. A [`Run`] belongs to nextest, to the dispatcher of a full-mode binary, to `cargo itest`, to
//! a libtest process, or to the cargo whose binaries are to share it. It ends when its owner says
//! so, which then waits for the teardown, or when the owner is gone. A host keeps its fixtures until
//! then, and as long as anybody is connected.
//!
//! A fixture is known by where it stands in the source, so test binaries that share a
//! `mod common` share its session fixtures. A host sets up only what no earlier host of the run
//! offers, and asks those for the rest: teardown order holds across hosts.
//!
//! Not here: what `--in-process`, Miri and systems other than Unix do, which is a thread in
//! `run::host`.

mod client;
mod directory;
mod doing;
mod errors;
mod fixtures;
#[cfg(fuzzing)]
pub mod fuzzing;
mod host;
mod hosts;
pub(crate) mod last_test;
mod log;
mod news;
mod owner;
mod protocol;
mod run;
mod runner;
#[cfg(test)]
mod tests;

pub(crate) use client::{Client, RunLocks};
pub(crate) use errors::kept as kept_errors;
pub(crate) use host::{Orders, host_if_asked, run_host};
pub(crate) use hosts::{Hosts, Program};
pub(crate) use owner::Owner;
pub(crate) use protocol::Wanted;
pub(crate) use run::Run;

use crate::plan::{Dep, NodeId, Plan};
use crate::scope::Scope;

/// Removes what runs left behind whose hosts died without being able to.
pub(crate) fn sweep_runs() {
    directory::sweep();
}

/// The directory of that name that all runs of this user share; nobody else can enter it.
pub(crate) fn shared_directory(name: &str) -> std::io::Result<std::path::PathBuf> {
    Ok(directory::Directory::of_run(name)?.path)
}

/// What is said where a host should be.
const DIED: &str = "the session host died, the process that holds the session fixtures";

/// What tells a session fixture from any other of the workspace: where it stands, and what it
/// builds on.
fn identity(plan: &Plan, id: NodeId) -> String {
    let node = plan.node(id);
    let location = node.def.location;
    let mut identity = format!(
        "{}:{}:{} {}",
        location.file, location.line, location.column, node.def.name
    );
    if let Some(param) = &node.param {
        identity.push_str(&param.identity());
    }
    for dep in &node.deps {
        if let Dep::Node(dep) = dep {
            identity.push_str(&format!(" ({})", self::identity(plan, *dep)));
        }
    }
    identity
}

/// A session fixture of a plan.
#[derive(Debug, Clone)]
struct Offer {
    /// Its [`identity`].
    fixture: String,
    node: NodeId,
    /// A test that needs it.
    test: usize,
}

/// The session fixtures that these tests need, what a fixture builds on before it.
fn needed(plan: &Plan, tests: impl Iterator<Item = usize>) -> Vec<Offer> {
    let mut known = vec![false; plan.nodes.len()];
    let mut found = Vec::new();
    for test in tests {
        for &node in &plan.tests[test].setup {
            add(plan, node, test, &mut known, &mut found);
        }
    }
    found
}

fn add(plan: &Plan, node: NodeId, test: usize, known: &mut [bool], found: &mut Vec<Offer>) {
    if std::mem::replace(&mut known[node.0 as usize], true) {
        return;
    }
    for dep in &plan.node(node).deps {
        if let Dep::Node(dep) = *dep {
            add(plan, dep, test, known, found);
        }
    }
    if plan.node(node).def.scope == Scope::Session {
        let fixture = identity(plan, node);
        found.push(Offer {
            fixture,
            node,
            test,
        });
    }
}

/// The session fixtures of all tests of a plan.
fn offers(plan: &Plan) -> Vec<Offer> {
    needed(plan, 0..plan.tests.len())
}

/// The session fixtures that these tests need, as a host is asked for them.
pub(crate) fn wanted(plan: &Plan, tests: impl Iterator<Item = usize>) -> Vec<Wanted> {
    let needed = needed(plan, tests).into_iter();
    let wanted = needed.map(|offer| Wanted {
        fixture: offer.fixture,
        test: plan.tests[offer.test].name.to_string(),
    });
    wanted.collect()
}
