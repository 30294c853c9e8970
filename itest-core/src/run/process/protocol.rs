//! The bytes between the dispatcher and the processes that run user code.
//!
//! Orders and reports are frames on a socket: a length and a body of JSON. That a test passed,
//! which is all that most tests have to say, is a record in [memory](super::memory) instead: it is
//! there even if the process dies at once, and the dispatcher need not wake up for each.

use std::io::{self, Read, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde_json::Value;

use crate::event::{Event, TestName};
use crate::json::{self, Fields, FromJson, Object, Problem, ToJson};
use crate::outcome::Failure;

/// No frame is longer: a longer one is garbage.
const LIMIT: u32 = 256 << 20;

/// From the dispatcher to a worker.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Order {
    /// Run these tests, in this order: numbers in the plan.
    Run(Tests),
    /// Run these tests, in this order, which need no plan: numbers in the registry.
    RunPlain(Tests),
    /// Run these tests, in this order, where a plan can change between two processes.
    RunNamed(Vec<TestName>),
    /// Cancel the test that runs and run no other.
    Cancel,
    /// Tear down everything and end.
    Finish,
}

/// Tests by their numbers: most have one number behind another's.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Tests(Vec<(u32, u32)>);

impl Tests {
    pub(crate) fn push(&mut self, test: u32) {
        match self.0.last_mut() {
            Some((first, count)) if first.checked_add(*count) == Some(test) => *count += 1,
            _ => self.0.push((test, 1)),
        }
    }

    /// One after the other.
    pub(crate) fn iter(&self) -> impl Iterator<Item = u32> {
        let ranges = self.0.iter();
        ranges.flat_map(|(first, count)| *first..first.saturating_add(*count))
    }
}

/// A report, and how many tests had passed before it: records and reports are on different ways.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Framed {
    pub(crate) passed: u64,
    pub(crate) report: Report,
}

/// From a worker to the dispatcher.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Report {
    /// Something happened; what was printed up to then has this length.
    Event {
        /// Since the start of the run.
        at: Duration,
        event: Event,
        printed: u64,
    },
    /// The running test overran its limit and does not yield.
    Hung { test: TestName, failure: Failure },
    /// The tests of the last [`Order::Run`] have run.
    Idle,
}

/// The record of a test that passed: the next one in turn, and there is nothing else to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Passed {
    /// When, since the start of the run.
    pub(crate) at: Duration,
    pub(crate) duration: Duration,
    /// Length of the capture file when it ended.
    pub(crate) printed: u64,
}

/// Where a worker leaves the records of tests that passed, for the dispatcher to take.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct PassedTests {
    /// How many there have been.
    count: AtomicU64,
    /// Of the last ones: the place of each is its number, counted round.
    records: [[AtomicU64; 3]; PassedTests::ROOM],
}

impl PassedTests {
    /// So many can wait to be taken.
    pub(crate) const ROOM: usize = 256;

    /// How many there have been.
    pub(crate) fn count(&self) -> u64 {
        self.count.load(Ordering::Acquire)
    }

    /// Adds one more; called by one thread.
    pub(crate) fn add(&self, passed: Passed) {
        let nanos = |duration: Duration| u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        let count = self.count.load(Ordering::Relaxed);
        let [at, duration, printed] = self.record(count);
        at.store(nanos(passed.at), Ordering::Relaxed);
        duration.store(nanos(passed.duration), Ordering::Relaxed);
        printed.store(passed.printed, Ordering::Relaxed);
        // Last: it is what counts.
        self.count.store(count + 1, Ordering::Release);
    }

    /// One of the last, by its number.
    pub(crate) fn get(&self, number: u64) -> Passed {
        let [at, duration, printed] = self.record(number);
        Passed {
            at: Duration::from_nanos(at.load(Ordering::Relaxed)),
            duration: Duration::from_nanos(duration.load(Ordering::Relaxed)),
            printed: printed.load(Ordering::Relaxed),
        }
    }

    fn record(&self, number: u64) -> &[AtomicU64; 3] {
        &self.records[(number % Self::ROOM as u64) as usize]
    }
}

impl ToJson for Order {
    fn to_json(&self, out: &mut String) {
        let mut object = Object::begin(out);
        match self {
            Order::Run(tests) => object.field("order", &"run").field("tests", &tests.0),
            Order::RunPlain(tests) => object.field("order", &"run-plain").field("tests", &tests.0),
            Order::RunNamed(names) => object.field("order", &"run-named").field("tests", names),
            Order::Cancel => object.field("order", &"cancel"),
            Order::Finish => object.field("order", &"finish"),
        };
        object.end();
    }
}

impl FromJson for Order {
    fn from_json(value: Value) -> Result<Self, Problem> {
        let mut fields = Fields::of(value)?;
        let order: String = fields.take("order")?;
        Ok(match &*order {
            "run" => Order::Run(Tests(fields.take("tests")?)),
            "run-plain" => Order::RunPlain(Tests(fields.take("tests")?)),
            "run-named" => Order::RunNamed(fields.take("tests")?),
            "cancel" => Order::Cancel,
            "finish" => Order::Finish,
            _ => return Err(Problem::unknown("order", &order)),
        })
    }
}

impl ToJson for Framed {
    fn to_json(&self, out: &mut String) {
        let mut object = Object::begin(out);
        object.field("passed", &self.passed);
        match &self.report {
            Report::Event { at, event, printed } => object
                .field("report", &"event")
                .field("at", at)
                .field("event", event)
                .field("printed", printed),
            Report::Hung { test, failure } => object
                .field("report", &"hung")
                .field("test", test)
                .field("failure", failure),
            Report::Idle => object.field("report", &"idle"),
        };
        object.end();
    }
}

impl FromJson for Framed {
    fn from_json(value: Value) -> Result<Self, Problem> {
        let mut fields = Fields::of(value)?;
        let report: String = fields.take("report")?;
        Ok(Framed {
            passed: fields.take("passed")?,
            report: match &*report {
                "event" => Report::Event {
                    at: fields.take("at")?,
                    event: fields.take("event")?,
                    printed: fields.take("printed")?,
                },
                "hung" => Report::Hung {
                    test: fields.take("test")?,
                    failure: fields.take("failure")?,
                },
                "idle" => Report::Idle,
                _ => return Err(Problem::unknown("report", &report)),
            },
        })
    }
}

/// Writes one frame.
pub(crate) fn write(to: &mut dyn Write, frame: &dyn ToJson) -> io::Result<()> {
    let body = json::write(frame);
    let length = u32::try_from(body.len())
        .ok()
        .filter(|length| *length <= LIMIT)
        .ok_or_else(|| garbage("a frame that is too long"))?;
    // One write: no half frames of a process that dies between two.
    let mut bytes = Vec::with_capacity(4 + body.len());
    bytes.extend_from_slice(&length.to_le_bytes());
    bytes.extend_from_slice(body.as_bytes());
    to.write_all(&bytes)
}

/// Reads one frame; `None` at the end of the stream.
///
/// A time limit of the stream ends only the wait for the first byte, in whoever fills the buffer.
pub(crate) fn read<T: FromJson>(from: &mut dyn Read) -> io::Result<Option<T>> {
    match body(from)? {
        Some(body) => Ok(Some(json::read(&body)?)),
        None => Ok(None),
    }
}

fn body(from: &mut dyn Read) -> io::Result<Option<Vec<u8>>> {
    let mut head = [0; 4];
    if fill(from, &mut head)? == 0 {
        return Ok(None);
    }
    let length = u32::from_le_bytes(head);
    if length > LIMIT {
        return Err(garbage("a frame that is too long"));
    }
    // Grows as the bytes arrive, not as the header promises.
    let mut body = Vec::new();
    while body.len() < length as usize {
        let start = body.len();
        body.resize((start + CHUNK).min(length as usize), 0);
        if fill(from, &mut body[start..])? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    Ok(Some(body))
}

/// So much is read at once.
const CHUNK: usize = 64 << 10;

/// Fills all of `buffer`, or nothing of it at the end of the stream.
fn fill(from: &mut dyn Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match from.read(&mut buffer[filled..]) {
            Ok(0) if filled == 0 => return Ok(0),
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(n) => filled += n,
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::Interrupted
                        | io::ErrorKind::WouldBlock
                        | io::ErrorKind::TimedOut
                ) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

fn garbage(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::FailureKind;

    fn check<T: ToJson + FromJson + PartialEq + std::fmt::Debug>(frame: T) {
        let mut bytes = Vec::new();
        write(&mut bytes, &frame).expect("a vector takes everything");
        let read = read::<T>(&mut &bytes[..]).expect("it is a frame");
        assert_eq!(read, Some(frame));
    }

    #[test]
    fn passed_tests_are_there_as_far_as_they_are_counted() {
        let passed = PassedTests {
            count: AtomicU64::new(0),
            records: [const { [const { AtomicU64::new(0) }; 3] }; PassedTests::ROOM],
        };
        let record = |number| Passed {
            at: Duration::from_millis(number),
            duration: Duration::from_nanos(number + 1),
            printed: u64::MAX - number,
        };
        for number in 0..3 * PassedTests::ROOM as u64 + 5 {
            assert_eq!(passed.count(), number);
            passed.add(record(number));
            let first = number.saturating_sub(PassedTests::ROOM as u64 - 1);
            assert_eq!(passed.get(first), record(first));
            assert_eq!(passed.get(number), record(number));
        }
    }

    #[test]
    fn orders_and_reports_come_as_they_were() {
        let mut tests = Tests::default();
        for test in [0, 1, 2, 7, u32::MAX] {
            tests.push(test);
        }
        check(Order::Run(tests.clone()));
        check(Order::RunPlain(tests));
        check(Order::RunNamed(vec!["m::t".into()]));
        check(Order::Cancel);
        check(Order::Finish);
        let test = TestName::from("m::t");
        let reports = [
            Report::Event {
                at: Duration::from_millis(1500),
                event: Event::CallStarted { test: test.clone() },
                printed: u64::MAX,
            },
            Report::Hung {
                test,
                failure: Failure::new(FailureKind::Timeout, "too long"),
            },
            Report::Idle,
        ];
        for report in reports {
            check(Framed { passed: 3, report });
        }
    }
}
