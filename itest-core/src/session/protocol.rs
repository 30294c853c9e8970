//! What the processes of a run and its session hosts say to each other.
//!
//! The bytes are those of `run::process::protocol`: frames with a length and a body of JSON.
//! There are two kinds of conversation. Whoever needs something of a host asks it, one
//! [`Request`] after the other, each with its [`Reply`]; the connection is a lease. And each host
//! tells the owner of the run, if that listens, its [`News`], each of which is answered by
//! [`Word::Seen`].

use serde_json::Value;

pub(super) use crate::run::protocol::{read, write};

use crate::event::{BinaryId, Event};
use crate::json::{Fields, FromJson, Object, Problem, ToJson};
use crate::outcome::FixtureError;
use crate::plan::HeldLock;
use crate::run::store::{SessionValue, SetupStop};

/// To a host.
#[derive(Debug, Clone, PartialEq)]
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
    /// The same if nobody else is connected.
    FinishAlone,
}

/// A fixture that is needed, and by which test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wanted {
    /// The fixture's identity: where it stands in the source, and what it builds on.
    pub(super) fixture: String,
    /// On whose behalf.
    pub(super) test: String,
}

/// From a host, in answer to a request.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Reply {
    /// There is nothing else to say.
    Done,
    /// To [`Request::Fetch`].
    Fetched(Fetch),
    /// To [`Request::Finish`]: what went wrong in teardowns.
    Finished(Vec<TeardownError>),
    /// To [`Request::FinishAlone`]: others are connected, and it goes on.
    InUse,
}

/// A session value, or why there is none.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Fetch {
    pub(super) answer: Result<SessionValue, SetupStop>,
    /// What the setup printed, if it went wrong and nobody was told before.
    pub(super) output: String,
}

/// A teardown that went wrong.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct TeardownError {
    pub(crate) error: FixtureError,
    /// What it printed.
    pub(crate) output: String,
}

/// From a host to the owner of its run.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum News {
    /// The first: which host it is, and of which binary.
    Started { host: usize, binary: BinaryId },
    /// Of one of its fixtures.
    Event(Box<Event>),
    /// The last: it ends as it should.
    Ends,
}

/// From the owner of a run to its hosts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Word {
    /// The news has been passed on: what is caused by it comes after it.
    Seen,
    /// The run is interrupted: cancel setups.
    Cancel,
}

impl ToJson for Request {
    fn to_json(&self, out: &mut String) {
        let mut object = Object::begin(out);
        match self {
            Request::Hello => object.field("request", &"hello"),
            Request::Fetch(wanted) => object.field("request", &"fetch").field("wanted", wanted),
            Request::Prefetch(all) => object.field("request", &"prefetch").field("wanted", all),
            Request::Acquire(locks) => object.field("request", &"acquire").field("locks", locks),
            Request::Release => object.field("request", &"release"),
            Request::Finish => object.field("request", &"finish"),
            Request::FinishAlone => object.field("request", &"finish-alone"),
        };
        object.end();
    }
}

impl FromJson for Request {
    fn from_json(value: Value) -> Result<Self, Problem> {
        let mut fields = Fields::of(value)?;
        let request: String = fields.take("request")?;
        Ok(match &*request {
            "hello" => Request::Hello,
            "fetch" => Request::Fetch(fields.take("wanted")?),
            "prefetch" => Request::Prefetch(fields.take("wanted")?),
            "acquire" => Request::Acquire(fields.take("locks")?),
            "release" => Request::Release,
            "finish" => Request::Finish,
            "finish-alone" => Request::FinishAlone,
            _ => return Err(Problem::unknown("request", &request)),
        })
    }
}

impl ToJson for Wanted {
    fn to_json(&self, out: &mut String) {
        Object::begin(out)
            .field("fixture", &self.fixture)
            .field("test", &self.test)
            .end();
    }
}

impl FromJson for Wanted {
    fn from_json(value: Value) -> Result<Self, Problem> {
        let mut fields = Fields::of(value)?;
        Ok(Wanted {
            fixture: fields.take("fixture")?,
            test: fields.take("test")?,
        })
    }
}

impl ToJson for Reply {
    fn to_json(&self, out: &mut String) {
        let mut object = Object::begin(out);
        match self {
            Reply::Done => object.field("reply", &"done"),
            Reply::Fetched(fetch) => {
                object.field("reply", &"fetched");
                match &fetch.answer {
                    Ok(value) => object.field("value", value),
                    Err(stop) => object.field("stop", stop),
                };
                object.field("output", &fetch.output)
            }
            Reply::Finished(errors) => object.field("reply", &"finished").field("errors", errors),
            Reply::InUse => object.field("reply", &"in-use"),
        };
        object.end();
    }
}

impl FromJson for Reply {
    fn from_json(value: Value) -> Result<Self, Problem> {
        let mut fields = Fields::of(value)?;
        let reply: String = fields.take("reply")?;
        Ok(match &*reply {
            "done" => Reply::Done,
            "fetched" => Reply::Fetched(Fetch {
                answer: match fields.optional("value")? {
                    Some(value) => Ok(value),
                    None => Err(fields.take("stop")?),
                },
                output: fields.take("output")?,
            }),
            "finished" => Reply::Finished(fields.take("errors")?),
            "in-use" => Reply::InUse,
            _ => return Err(Problem::unknown("reply", &reply)),
        })
    }
}

impl ToJson for SetupStop {
    fn to_json(&self, out: &mut String) {
        let mut object = Object::begin(out);
        match self {
            SetupStop::Failed(error) => object.field("stop", &"failed").field("error", error),
            SetupStop::Skipped {
                name,
                reason,
                place,
            } => object
                .field("stop", &"skipped")
                .field("name", name)
                .field("reason", reason)
                .field("place", &**place),
            SetupStop::Xfailed(reason) => object.field("stop", &"xfailed").field("reason", reason),
        };
        object.end();
    }
}

impl FromJson for SetupStop {
    fn from_json(value: Value) -> Result<Self, Problem> {
        let mut fields = Fields::of(value)?;
        let stop: String = fields.take("stop")?;
        Ok(match &*stop {
            "failed" => SetupStop::Failed(fields.take("error")?),
            "skipped" => SetupStop::Skipped {
                name: fields.take("name")?,
                reason: fields.take("reason")?,
                place: Box::new(fields.take("place")?),
            },
            "xfailed" => SetupStop::Xfailed(fields.take("reason")?),
            _ => return Err(Problem::unknown("stop", &stop)),
        })
    }
}

impl ToJson for SessionValue {
    fn to_json(&self, out: &mut String) {
        Object::begin(out)
            .field("json", &self.json)
            .field("exports", &self.exports)
            .end();
    }
}

impl FromJson for SessionValue {
    fn from_json(value: Value) -> Result<Self, Problem> {
        let mut fields = Fields::of(value)?;
        Ok(SessionValue {
            json: fields.take("json")?,
            exports: fields.take("exports")?,
        })
    }
}

impl ToJson for TeardownError {
    fn to_json(&self, out: &mut String) {
        Object::begin(out)
            .field("error", &self.error)
            .field("output", &self.output)
            .end();
    }
}

impl FromJson for TeardownError {
    fn from_json(value: Value) -> Result<Self, Problem> {
        let mut fields = Fields::of(value)?;
        Ok(TeardownError {
            error: fields.take("error")?,
            output: fields.take("output")?,
        })
    }
}

impl ToJson for News {
    fn to_json(&self, out: &mut String) {
        let mut object = Object::begin(out);
        match self {
            News::Started { host, binary } => object
                .field("news", &"started")
                .field("host", host)
                .field("binary", binary),
            News::Event(event) => object.field("news", &"event").field("event", &**event),
            News::Ends => object.field("news", &"ends"),
        };
        object.end();
    }
}

impl FromJson for News {
    fn from_json(value: Value) -> Result<Self, Problem> {
        let mut fields = Fields::of(value)?;
        let news: String = fields.take("news")?;
        Ok(match &*news {
            "started" => News::Started {
                host: fields.take("host")?,
                binary: fields.take("binary")?,
            },
            "event" => News::Event(Box::new(fields.take("event")?)),
            "ends" => News::Ends,
            _ => return Err(Problem::unknown("news", &news)),
        })
    }
}

impl ToJson for Word {
    fn to_json(&self, out: &mut String) {
        let word = match self {
            Word::Seen => "seen",
            Word::Cancel => "cancel",
        };
        word.to_json(out);
    }
}

impl FromJson for Word {
    fn from_json(value: Value) -> Result<Self, Problem> {
        let word = String::from_json(value)?;
        match &*word {
            "seen" => Ok(Word::Seen),
            "cancel" => Ok(Word::Cancel),
            _ => Err(Problem::unknown("word", &word)),
        }
    }
}
