//! Session fixtures that several test processes share: one *session host* for a nextest run.
//!
//! nextest starts a process for every test. The first one that needs a session fixture starts a
//! host, which is the test binary once more, in an OS session of its own and without any of the
//! test's stdio, and leaves its address in the run's directory. Others find it there. A host keeps
//! its fixtures while the runner lives or anybody is connected, and tears them down then.
//!
//! A fixture is known by where it stands in the source, so test binaries that share a
//! `mod common` share its session fixtures. A host sets up only what no earlier host of the run
//! offers, and asks those for the rest: teardown order holds across hosts.

mod client;
mod directory;
mod host;
mod runner;

use serde::{Deserialize, Serialize};

pub(crate) use client::Client;
pub(crate) use host::{Orders, host_if_asked, run_host};

use crate::plan::{Dep, NodeId, Plan};
use crate::run::store::{SessionValue, SetupStop};
use crate::scope::Scope;

/// What a test process, or a later host, asks a host for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Request {
    /// The fixture's [`identity`].
    fixture: String,
    /// On whose behalf.
    test: String,
}

/// What a host answers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Reply {
    answer: Result<SessionValue, SetupStop>,
    /// What the setup printed, if it went wrong.
    output: String,
}

/// Removes what runs left behind whose hosts died without being able to.
pub(crate) fn sweep_runs() {
    directory::sweep();
}

/// The directory of that name that all runs of this user share; nobody else can enter it.
pub(crate) fn shared_directory(name: &str) -> std::io::Result<std::path::PathBuf> {
    Ok(directory::Directory::of_run(name)?.path)
}

/// The run that this process is a part of, if several processes make up a run.
pub(crate) fn run_id() -> Option<String> {
    let var = |name| std::env::var(name).ok();
    let id = var("NEXTEST_RUN_ID")?;
    // The variables reach whatever a test starts, a nested `cargo test` for instance: this
    // process must be the one that runs that test.
    let test = var("NEXTEST_TEST_NAME")?;
    let is_ours = std::env::args().any(|argument| argument == test);
    let is_plain = id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') && !id.is_empty();
    (is_ours && is_plain).then(|| format!("nextest-{id}"))
}

/// What tells a session fixture from any other of the workspace: where it stands, and what it
/// builds on.
fn identity(plan: &Plan, id: NodeId) -> String {
    let node = plan.node(id);
    let location = node.def.location;
    let mut identity = format!(
        "{}:{}:{} {}",
        location.file, location.line, location.column, node.def.name
    );
    for dep in &node.deps {
        if let Dep::Node(dep) = dep {
            identity.push_str(&format!(" ({})", self::identity(plan, *dep)));
        }
    }
    identity
}

/// The session fixtures of a plan, each with a test that needs it.
fn offers(plan: &Plan) -> Vec<(String, NodeId, usize)> {
    let mut found: Vec<(String, NodeId, usize)> = Vec::new();
    for (index, test) in plan.tests.iter().enumerate() {
        for node in plan.reach(test) {
            let known = found.iter().any(|(_, known, _)| *known == node);
            if plan.node(node).def.scope == Scope::Session && !known {
                found.push((identity(plan, node), node, index));
            }
        }
    }
    found
}
