//! The bytes between the dispatcher and the processes that run user code.
//!
//! A frame is a tag, the length of its body and the body. What every test sends is a few fixed
//! bytes; what is rare, failures and fixtures, is JSON.

use std::io::{self, Read, Write};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::event::{Event, TestName};
use crate::outcome::Failure;
use crate::run::store::{SessionValue, SetupStop};

/// No frame is longer: a longer one is garbage.
const LIMIT: u32 = 256 << 20;

/// A session value, or why there is none.
pub(crate) type Answer = Result<SessionValue, SetupStop>;

/// From the dispatcher to a worker or to the session host.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) enum Order {
    /// Run these tests, in this order.
    Run(Vec<u32>),
    /// Make this session value for that test. To the host only.
    Fetch { node: u32, test: u32 },
    /// The answer to [`Report::Fetch`].
    Fetched(Answer),
    /// Tear down everything and end.
    Finish,
}

/// From a worker or the session host to the dispatcher.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Report {
    /// The next test in turn passed and there is nothing else to say about it.
    Passed(Passed),
    /// Whatever else there is to say.
    Other(Other),
}

/// What every test sends.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Passed {
    pub(crate) duration: Duration,
    /// Length of the capture file when it ended.
    pub(crate) printed: u64,
}

/// What few tests send.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) enum Other {
    /// Something happened.
    Event { event: Event, printed: u64 },
    /// A session value is wanted. From workers only.
    Fetch { node: u32, test: u32 },
    /// The answer to [`Order::Fetch`]. From the host only.
    Fetched(Answer),
    /// The running test overran its limit and does not yield.
    Hung { test: TestName, failure: Failure },
    /// The tests of the last [`Order::Run`] have run.
    Idle,
}

const PASSED: u8 = 1;
const JSON: u8 = 2;

impl Report {
    pub(crate) fn write(&self, to: &mut impl Write) -> io::Result<()> {
        match self {
            Report::Passed(passed) => {
                let mut body = [0; 16];
                let nanos = u64::try_from(passed.duration.as_nanos()).unwrap_or(u64::MAX);
                body[..8].copy_from_slice(&nanos.to_le_bytes());
                body[8..].copy_from_slice(&passed.printed.to_le_bytes());
                write_frame(to, PASSED, &body)
            }
            Report::Other(other) => write_frame(to, JSON, &serde_json::to_vec(other)?),
        }
    }

    /// `None` at the end of the stream.
    pub(crate) fn read(from: &mut impl Read) -> io::Result<Option<Self>> {
        let Some((tag, body)) = read_frame(from)? else {
            return Ok(None);
        };
        match (tag, &body[..]) {
            (JSON, body) => Ok(Some(Report::Other(serde_json::from_slice(body)?))),
            (PASSED, body) if body.len() == 16 => {
                let number = |bytes: &[u8]| {
                    u64::from_le_bytes(bytes.try_into().expect("half of sixteen bytes"))
                };
                Ok(Some(Report::Passed(Passed {
                    duration: Duration::from_nanos(number(&body[..8])),
                    printed: number(&body[8..]),
                })))
            }
            _ => Err(garbage("an unknown frame")),
        }
    }
}

impl Order {
    pub(crate) fn write(&self, to: &mut impl Write) -> io::Result<()> {
        write_frame(to, JSON, &serde_json::to_vec(self)?)
    }

    /// `None` at the end of the stream.
    pub(crate) fn read(from: &mut impl Read) -> io::Result<Option<Self>> {
        match read_frame(from)? {
            None => Ok(None),
            Some((JSON, body)) => Ok(Some(serde_json::from_slice(&body)?)),
            Some(_) => Err(garbage("an unknown frame")),
        }
    }
}

fn write_frame(to: &mut impl Write, tag: u8, body: &[u8]) -> io::Result<()> {
    let length = u32::try_from(body.len())
        .ok()
        .filter(|length| *length <= LIMIT)
        .ok_or_else(|| garbage("a frame that is too long"))?;
    // One write: a reader never sees half a frame of a process that died between two.
    let mut frame = Vec::with_capacity(5 + body.len());
    frame.push(tag);
    frame.extend_from_slice(&length.to_le_bytes());
    frame.extend_from_slice(body);
    to.write_all(&frame)
}

fn read_frame(from: &mut impl Read) -> io::Result<Option<(u8, Vec<u8>)>> {
    let mut head = [0; 5];
    let mut filled = 0;
    while filled < head.len() {
        match from.read(&mut head[filled..]) {
            Ok(0) if filled == 0 => return Ok(None),
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(n) => filled += n,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    let length = u32::from_le_bytes([head[1], head[2], head[3], head[4]]);
    if length > LIMIT {
        return Err(garbage("a frame that is too long"));
    }
    // Grows as the bytes arrive, not as the header promises.
    let mut body = Vec::new();
    let read = from.take(u64::from(length)).read_to_end(&mut body)?;
    if read < length as usize {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(Some((head[0], body)))
}

fn garbage(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}
