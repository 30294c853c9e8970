//! What the processes of a run and its session hosts say to each other.
//!
//! The bytes are those of `run::process::protocol`: frames with a length and a body of JSON.
//! There are two kinds of conversation. Whoever needs something of a host asks it, one
//! [`Request`] after the other, each with its [`Reply`]; the connection is a lease. And each host
//! tells the owner of the run, if that listens, its [`News`], each of which is answered by
//! [`Word::Seen`].

use serde::{Deserialize, Serialize};

pub(super) use crate::run::protocol::{read, write};

use crate::event::{BinaryId, Event};
use crate::outcome::FixtureError;
use crate::plan::HeldLock;
use crate::run::store::{SessionValue, SetupStop};

/// To a host.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) enum Request {
    /// Answered as soon as the host serves.
    Hello,
    /// The value of a fixture.
    Fetch(Wanted),
    /// Set these up, all at once; answered when that is over.
    Prefetch(Vec<Wanted>),
    /// Answered when all of them are held, until `Release` or the end of the connection.
    Acquire(Vec<HeldLock>),
    /// Lets go of what was acquired.
    Release,
    /// Tear everything down and end; answered when it is done.
    Finish,
}

/// A fixture that is needed, and by which test.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Wanted {
    /// The fixture's identity: where it stands in the source, and what it builds on.
    pub(super) fixture: String,
    /// On whose behalf.
    pub(super) test: String,
}

/// From a host, in answer to a request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) enum Reply {
    /// There is nothing else to say.
    Done,
    /// To [`Request::Fetch`].
    Fetched(Fetch),
    /// To [`Request::Finish`]: what went wrong in teardowns.
    Finished(Vec<TeardownError>),
}

/// A session value, or why there is none.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Fetch {
    pub(super) answer: Result<SessionValue, SetupStop>,
    /// What the setup printed, if it went wrong and nobody was told before.
    pub(super) output: String,
}

/// A teardown that went wrong.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct TeardownError {
    pub(crate) error: FixtureError,
    /// What it printed.
    pub(crate) output: String,
}

/// From a host to the owner of its run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) enum News {
    /// The first: which host it is, and of which binary.
    Started { host: usize, binary: BinaryId },
    /// Of one of its fixtures.
    Event(Box<Event>),
    /// The last: it ends as it should.
    Ends,
}

/// From the owner of a run to its hosts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Word {
    /// The news has been passed on: what is caused by it comes after it.
    Seen,
    /// The run is interrupted: cancel setups.
    Cancel,
}
